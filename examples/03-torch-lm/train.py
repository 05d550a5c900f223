"""A small transformer over bytes, trained for a fixed time and judged by bits per byte of text it has not seen.

Everything that may be changed stands in the block of constants; there are no flags. At its end a run prints a
summary block below a line of dashes.
"""

import math
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

# Architecture
DEPTH = 2  # blocks
WIDTH = 64  # numbers per position
HEADS = 4
SEQ = 64  # bytes that are seen
MLP_RATIO = 4
ACTIVATION = "gelu"  # gelu, relu or relu2

# Optimisation
TOTAL_BATCH = 1024  # bytes per step
DEVICE_BATCH = 16  # sequences at a time; the rest of a step is accumulated
LR = 0.003
WEIGHT_DECAY = 0.1
BETA1 = 0.9
BETA2 = 0.99
WARMUP_RATIO = 0.1  # part of the time in which the rate rises
COOLDOWN_RATIO = 0.5  # part of the time in which it falls to nothing

TIME_BUDGET = 5.0  # CPU seconds of training, so that neighbours do not matter; the evaluation comes on top
SEED = 1

assert TOTAL_BATCH % (DEVICE_BATCH * SEQ) == 0
assert WIDTH % HEADS == 0


def text_folder() -> Path:
    """TypeScript's declarations of JavaScript's own library, which some folder above has installed."""
    if "TEXT_FOLDER" in os.environ:
        return Path(os.environ["TEXT_FOLDER"])
    for above in Path(__file__).resolve().parents:
        for modules in ("node_modules/typescript/lib", "node_modules/@typescript/*/lib"):
            for found in sorted(above.glob(modules)):
                if (found / "lib.es5.d.ts").exists():
                    return found
    raise SystemExit("no text: install typescript in a folder above, or set TEXT_FOLDER to a folder of .ts files")


def load_text() -> tuple[torch.Tensor, torch.Tensor]:
    """Training and validation bytes: every tenth block of 4096 is kept apart."""
    files = sorted(file for file in text_folder().glob("*.ts") if "dom" not in file.name)
    data = torch.frombuffer(bytearray(b"\n".join(file.read_bytes() for file in files)), dtype=torch.uint8).long()
    blocks = data[: len(data) // 4096 * 4096].view(-1, 4096)
    held_out = torch.arange(len(blocks)) % 10 == 9
    return blocks[~held_out].flatten(), blocks[held_out].flatten()


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.RMSNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)
        self.norm2 = nn.RMSNorm(WIDTH)
        self.up = nn.Linear(WIDTH, MLP_RATIO * WIDTH, bias=False)
        self.down = nn.Linear(MLP_RATIO * WIDTH, WIDTH, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, _ = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, length, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(attended.transpose(1, 2).reshape(batch, length, WIDTH))
        inner = self.up(self.norm2(x))
        inner = F.gelu(inner) if ACTIVATION == "gelu" else F.relu(inner)
        return x + self.down(inner.square() if ACTIVATION == "relu2" else inner)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Embedding(256, WIDTH)
        self.position = nn.Embedding(SEQ, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(DEPTH))
        self.norm = nn.RMSNorm(WIDTH)
        self.head = nn.Linear(WIDTH, 256, bias=False)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=WIDTH**-0.5)
        nn.init.zeros_(self.head.weight)

    def forward(self, tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy(self.head(self.norm(x)).flatten(0, 1), targets.flatten())


@torch.no_grad()
def evaluate(model: Model, data: torch.Tensor, sequences: int) -> float:
    """Bits per byte over sequences spread evenly over the validation text."""
    starts = torch.linspace(0, len(data) - SEQ - 2, sequences).long()
    windows = data[starts[:, None] + torch.arange(SEQ + 1)]
    parts = [model(part[:, :-1], part[:, 1:]).item() * len(part) for part in windows.split(64)]
    return sum(parts) / sequences / math.log(2)


def main() -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    train, validation = load_text()
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, betas=(BETA1, BETA2), weight_decay=WEIGHT_DECAY)
    accumulation = TOTAL_BATCH // (DEVICE_BATCH * SEQ)
    began = time.process_time()
    step = 0
    smooth = 0.0
    reported = 0
    while True:
        spent = time.process_time() - began
        progress = spent / TIME_BUDGET
        if progress >= 1:
            break
        warm = min(1.0, progress / WARMUP_RATIO) if WARMUP_RATIO > 0 else 1.0
        cool = min(1.0, (1 - progress) / COOLDOWN_RATIO) if COOLDOWN_RATIO > 0 else 1.0
        for group in optimizer.param_groups:
            group["lr"] = LR * min(warm, cool)
        loss = 0.0
        for _ in range(accumulation):
            starts = torch.randint(len(train) - SEQ - 1, (DEVICE_BATCH, 1))
            windows = train[starts + torch.arange(SEQ + 1)]
            part = model(windows[:, :-1], windows[:, 1:]) / accumulation
            part.backward()
            loss += part.item()
        optimizer.step()
        optimizer.zero_grad()
        smooth = 0.95 * smooth + 0.05 * loss
        step += 1
        if int(progress * 20) > reported:
            reported = int(progress * 20)
            print(
                f"\rstep {step:05d} ({100 * progress:.1f}%) | loss: {smooth / (1 - 0.95**step):.4f} | "
                f"tok/sec: {step * TOTAL_BATCH / spent:,.0f} | remaining: {TIME_BUDGET - spent:.1f}s    ",
                end="",
                flush=True,
            )
    print()
    training_seconds = time.process_time() - began
    val_bpb = evaluate(model, validation, 512)
    peak_vram_mb = torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0
    print("---")
    print(f"val_bpb:          {val_bpb:.6f}")
    print(f"training_seconds: {training_seconds:.1f}")
    print(f"total_seconds:    {time.process_time() - began:.1f}")
    print(f"peak_vram_mb:     {peak_vram_mb:.1f}")
    print(f"total_tokens_M:   {step * TOTAL_BATCH / 1e6:.3f}")
    print(f"num_steps:        {step}")
    print(f"num_params_M:     {sum(p.numel() for p in model.parameters()) / 1e6:.3f}")
    print(f"depth:            {DEPTH}")


main()
