/** How a model and its batch are spread over devices. */

/** 0: every data-parallel rank keeps everything; 1: the optimizer is sharded over them; 2: gradients too; 3: weights too (FSDP). */
export type Zero = 0 | 1 | 2 | 3;

/** What of the activations is kept for the backward pass: all, all but those of plain attention, or only the inputs of layers. */
export type Recompute = 'none' | 'selective' | 'full';

/** Degrees multiply to the number of devices: tensor × context × data × pipeline. */
export interface Layout {
  readonly data: number;
  readonly tensor: number;
  /** Activations outside of attention and feed-forward are split over the tensor ranks too (Korthikanti et al. 2022). */
  readonly sequence: boolean;
  /** Sequences are cut over so many ranks, which pass keys and values around. */
  readonly context: number;
  readonly pipeline: number;
  /** Pieces of the model per pipeline rank; 1: plain 1F1B. */
  readonly interleave: number;
  readonly zero: Zero;
  readonly recompute: Recompute;
  /** Sequences of one forward pass. */
  readonly microbatch: number;
  /** Passes per step and pipeline. */
  readonly accumulate: number;
}

/** A whole model on one device, one sequence at a time: what other layouts are written as changes of. */
export const UNDIVIDED: Layout = {
  data: 1,
  tensor: 1,
  sequence: false,
  context: 1,
  pipeline: 1,
  interleave: 1,
  zero: 0,
  recompute: 'none',
  microbatch: 1,
  accumulate: 1,
};

/** `data 8 × tensor 8 + sequence × pipeline 16 (2 interleaved), ZeRO-1, full recompute, 64 sequences a replica in 32 passes of 2`. */
export function layoutText(layout: Layout): string {
  const { data, tensor, sequence, context, pipeline, interleave, zero, recompute, microbatch, accumulate } = layout;
  const parts = [
    data > 1 ? `data ${data}` : '',
    tensor > 1 ? `tensor ${tensor}${sequence ? ' + sequence' : ''}` : '',
    context > 1 ? `context ${context}` : '',
    pipeline > 1 ? `pipeline ${pipeline}${interleave > 1 ? ` (${interleave} interleaved)` : ''}` : '',
  ].filter((part) => part !== '');
  const sharding = zero === 3 ? 'FSDP (ZeRO-3)' : zero > 0 ? `ZeRO-${zero}` : 'no sharding';
  const kept = recompute === 'none' ? 'no recompute' : `${recompute} recompute`;
  const where = parts.length === 0 ? 'one device' : parts.join(' × ');
  return `${where}, ${data * context > 1 ? `${sharding}, ` : ''}${kept}, ${microbatch * accumulate} ${microbatch * accumulate === 1 ? 'sequence' : 'sequences'} a replica${accumulate === 1 ? '' : ` in ${accumulate} passes of ${microbatch}`}`;
}
