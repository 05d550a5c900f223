/** The shape of a decoder-only transformer: what it has of parameters and FLOPs, and a usual shape for a given size. */

/** Widths in elements; all are whole and positive. */
export interface Shape {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  /** Fewer than `heads`: grouped-query attention. */
  readonly kvHeads: number;
  /** Width of the feed-forward layer: 4 × hidden, or 8/3 × hidden when gated. */
  readonly ffn: number;
  /** Gated (SwiGLU): three matrices instead of two. */
  readonly gated: boolean;
  readonly vocab: number;
  /** One matrix for embedding and output. */
  readonly tied: boolean;
  /** Tokens per sequence. */
  readonly seq: number;
}

/** Parameters of one layer, of the embedding, of the output matrix (0 when tied), of all. */
export interface Parameters {
  readonly layer: number;
  readonly embedding: number;
  readonly head: number;
  readonly total: number;
}

/** Width of all heads of queries, and of keys. */
export function attentionWidths({ hidden, heads, kvHeads }: Shape): { query: number; key: number } {
  return { query: hidden, key: (hidden / heads) * kvHeads };
}

/** Biases are left out (below 0.1 %), norms are counted. */
export function parametersOf(shape: Shape): Parameters {
  const { layers, hidden, ffn, gated, vocab, tied } = shape;
  const { query, key } = attentionWidths(shape);
  const layer = hidden * (2 * query + 2 * key) + (gated ? 3 : 2) * hidden * ffn + 4 * hidden;
  const embedding = vocab * hidden;
  const head = tied ? 0 : embedding;
  return { layer, embedding, head, total: layers * layer + embedding + head };
}

/**
 * FLOPs per token of forward and backward, 6N + 12 L d T (Chowdhery et al. 2022, PaLM, appendix B), attention over the whole square.
 * N is without the embedding when it is not tied: looking a row up multiplies nothing.
 */
export function flopsPerToken(shape: Shape): number {
  const { layer, embedding } = parametersOf(shape);
  return 6 * (shape.layers * layer + embedding) + 12 * shape.layers * shape.hidden * shape.seq;
}

type Known = readonly [
  name: string,
  layers: number,
  hidden: number,
  heads: number,
  kvHeads: number,
  ffn: number,
  gated: boolean,
  vocab: number,
  tied: boolean,
];

/** Published shapes, so that a table of runs need not spell them out. */
const KNOWN: readonly Known[] = [
  ['mpt-125m', 12, 768, 12, 12, 3072, false, 50368, true],
  ['mpt-350m', 24, 1024, 16, 16, 4096, false, 50368, true],
  ['mpt-760m', 24, 1536, 12, 12, 6144, false, 50368, true],
  ['mpt-1b', 24, 2048, 16, 16, 8192, false, 50368, true],
  ['mpt-3b', 32, 2560, 20, 20, 10240, false, 50368, true],
  ['mpt-7b', 32, 4096, 32, 32, 16384, false, 50368, true],
  ['mpt-13b', 40, 5120, 40, 40, 20480, false, 50368, true],
  ['mpt-30b', 48, 7168, 56, 56, 28672, false, 50368, true],
  ['mpt-70b', 80, 8192, 64, 64, 32768, false, 50368, true],
  ['llama3-8b', 32, 4096, 32, 8, 14336, true, 128256, false],
  ['llama2-7b', 32, 4096, 32, 32, 11008, true, 32000, false],
  ['llama2-13b', 40, 5120, 40, 40, 13824, true, 32000, false],
  ['llama2-70b', 80, 8192, 64, 8, 28672, true, 32000, false],
  ['llama3-70b', 80, 8192, 64, 8, 28672, true, 128256, false],
  ['llama3-405b', 126, 16384, 128, 8, 53248, true, 128256, false],
  ['megatron-22b', 48, 6144, 64, 64, 24576, false, 51200, true],
  ['gpt3-175b', 96, 12288, 96, 96, 49152, false, 51200, true],
  ['turing-530b', 105, 20480, 128, 128, 81920, false, 51200, true],
  ['megatron-1t', 128, 25600, 160, 160, 102400, false, 51200, true],
  ['palm-540b', 118, 18432, 48, 1, 73728, true, 256000, true],
];

const shapeOf = ([, layers, hidden, heads, kvHeads, ffn, gated, vocab, tied]: Known, seq: number): Shape => ({
  layers,
  hidden,
  heads,
  kvHeads,
  ffn,
  gated,
  vocab,
  tied,
  seq,
});

/** The published shape a name means (`llama3.1-70B`, `7b`), or of about this size; a size may count learned positions. Undefined when none is near. */
export function knownShape(name: string, size: number, seq: number): Shape | undefined {
  const plain = name.toLowerCase().replaceAll(/\.\d+(?=-)|[_\s]/g, '');
  const near = (known: Known): number => {
    const shape = shapeOf(known, seq);
    const { total } = parametersOf(shape);
    return Math.min(...[total, total + seq * shape.hidden].map((one) => Math.abs(Math.log(one / size))));
  };
  const named = plain === '' ? [] : KNOWN.filter(([known]) => known === plain || known.endsWith(`-${plain}`));
  const family = plain.replace(/[-\d].*$/, '');
  const kin = family === '' ? [] : KNOWN.filter(([known]) => known.startsWith(family));
  const candidates = [named, kin, KNOWN].find((some) => some.length > 0)!;
  const best = candidates.toSorted((a, b) => near(a) - near(b))[0]!;
  return near(best) < (named.length > 0 ? 0.4 : 0.06) ? shapeOf(best, seq) : undefined;
}

/** Hidden units per layer: between 96 (GPT-3 6.7B: 128, 175B: 128; Llama 3 70B: 102, 405B: 130) and this; deeper is slower, wider learns less. */
const ASPECT = 115;

/** What of a shape is wished for instead of the rule. */
export type ShapeWish = Partial<
  Pick<Shape, 'layers' | 'hidden' | 'heads' | 'kvHeads' | 'ffn' | 'gated' | 'vocab' | 'tied'>
>;

/**
 * A shape of about `size` parameters: gated feed-forward of 8/3 the width, heads of 128 (64 below 1024), eight groups of keys,
 * about {@link ASPECT} units of width per layer, width and depth in steps that can be split over devices.
 */
export function usualShape(size: number, seq: number, wish: ShapeWish = {}): Shape {
  const gated = wish.gated ?? true;
  const vocab = wish.vocab ?? (size < 1e9 ? 32768 : size < 1e10 ? 65536 : 131072);
  const tied = wish.tied ?? size < 3e9;
  const build = (hidden: number, layers: number): Shape => {
    const heads = wish.heads ?? Math.max(1, Math.round(hidden / (hidden < 1024 ? 64 : 128)));
    const kvHeads = wish.kvHeads ?? (heads >= 16 && heads % 8 === 0 ? 8 : heads);
    const ffn = wish.ffn ?? (gated ? Math.ceil((8 * hidden) / 3 / 256) * 256 : 4 * hidden);
    return { layers, hidden, heads, kvHeads, ffn, gated, vocab, tied, seq };
  };
  let best: Shape | undefined;
  let least = Infinity;
  for (const hidden of wish.hidden === undefined ? widths(size) : [wish.hidden]) {
    const step = hidden >= 8192 ? 8 : hidden >= 1024 ? 4 : 2;
    const bare = build(hidden, 1);
    const { layer, embedding, head } = parametersOf(bare);
    const depth = Math.max(1, Math.round((size - embedding - head) / layer / step)) * step;
    for (const layers of wish.layers === undefined ? [depth] : [wish.layers]) {
      const shape = build(hidden, layers);
      const off = Math.abs(Math.log(parametersOf(shape).total / size));
      const crooked = Math.abs(Math.log(hidden / layers / ASPECT));
      if (off * 6 + crooked < least) [best, least] = [shape, off * 6 + crooked];
    }
  }
  return best!;
}

/** Widths worth a look: about a cube root of the size, in steps of 64 to 2048. */
function widths(size: number): number[] {
  const middle = Math.cbrt((size * ASPECT) / 12);
  // From 2048 on heads of 128 come in fours, from 4096 in eights, so that tensor ranks can share them.
  const step = middle < 1024 ? 64 : middle < 2048 ? 256 : middle < 3800 ? 512 : middle < 24576 ? 1024 : 2048;
  const start = Math.max(1, Math.floor(middle / 1.8 / step));
  const end = Math.max(start, Math.ceil((middle * 1.6) / step));
  return Array.from({ length: end - start + 1 }, (_, i) => (start + i) * step);
}
