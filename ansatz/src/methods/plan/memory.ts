/**
 * Bytes on a device. States: ZeRO (Rajbhandari et al. 2020, section 3.1). Activations: Korthikanti et al. 2022, arXiv 2205.05198, table 2 and eqs. 2-6,
 * written out for grouped-query attention and gated feed-forward, of which their 34 s b h + 5 a s² b is the case of a GPT.
 */

import type { Job } from './job.ts';
import type { Layout, Recompute } from './layout.ts';
import { attentionWidths, parametersOf } from './shape.ts';

/** Bytes on the device that needs the most. */
export interface Memory {
  readonly weights: number;
  readonly gradients: number;
  readonly optimizer: number;
  readonly activations: number;
  /** What comes and goes: gathered layers, the layer being recomputed, logits; and what libraries take. */
  readonly working: number;
  readonly total: number;
}

/** CUDA or XLA, and the buffers of collectives. */
const LIBRARIES = 1.5 * 2 ** 30;
/** Of a device's memory that can be planned with; the rest is lost to fragments. */
export const USABLE = 0.92;

/** Activations of one layer and micro-batch, bytes. */
export function layerActivations(
  job: Job,
  layout: Pick<Layout, 'tensor' | 'sequence' | 'context' | 'microbatch'>,
  recompute: Recompute,
): number {
  const { shape, dropout } = job;
  const { hidden, heads, ffn, gated, seq } = shape;
  const { tensor, sequence, context, microbatch } = layout;
  const tokens = (microbatch * seq) / context;
  const apart = sequence ? tensor : 1;
  if (recompute === 'full') return (2 * tokens * hidden) / apart;
  const { query, key } = attentionWidths(shape);
  // Inputs of two norms, of attention and of feed-forward, and the masks of dropout after both: on every tensor rank, unless split by sequence.
  const whole = (8 + (dropout ? 2 : 0)) * hidden;
  // Queries, keys, values, attention's output; inputs of the activation, and its output.
  const split = 4 * query + 4 * key + (gated ? 6 : 4) * ffn;
  // Scores, softmax and dropout, kept by plain attention only.
  const square = job.attention === 'plain' && recompute === 'none' ? (4 + (dropout ? 1 : 0)) * heads * seq : 0;
  // With fused attention selective means that every second product is done again: about half is kept.
  const half = recompute === 'selective' && job.attention === 'flash' ? 0.5 : 1;
  return half * tokens * (whole / apart + (split + square) / tensor);
}

/** Bytes per parameter on each of `ranks` data-parallel devices. */
export function stateBytes(
  { weights, gradients, optimizer }: Job['bytes'],
  zero: Layout['zero'],
  ranks: number,
): { weights: number; gradients: number; optimizer: number } {
  return {
    weights: zero >= 3 ? weights / ranks : weights,
    gradients: zero >= 2 ? gradients / ranks : gradients,
    optimizer: zero >= 1 ? optimizer / ranks : optimizer,
  };
}

/** Micro-batches whose activations the first stage keeps, in passes over its own layers: min(p, m), times 1 + (p − 1)/(p v) when interleaved. */
export function inFlight({
  pipeline,
  interleave,
  accumulate,
}: Pick<Layout, 'pipeline' | 'interleave' | 'accumulate'>): number {
  if (pipeline === 1) return 1;
  if (interleave === 1) return Math.min(pipeline, accumulate);
  return Math.min(pipeline + (pipeline - 1) / interleave, accumulate);
}

/** Memory of the device that needs most: that of the first stage, or of the last when its logits outweigh. */
export function memoryOf(job: Job, layout: Layout): Memory {
  const { shape, bytes } = job;
  const { layer, embedding, head } = parametersOf(shape);
  const { tensor, pipeline, interleave, data, context, zero, recompute, microbatch, sequence } = layout;
  const perStage = interleave * Math.ceil(shape.layers / pipeline / interleave);
  const ends = pipeline === 1 ? embedding + head : embedding;
  const parameters = (perStage * layer + ends) / tensor;
  const state = stateBytes(bytes, zero, data * context);
  const kept = layerActivations(job, layout, recompute);
  const tokens = (microbatch * shape.seq) / context;
  const input = (2 * tokens * shape.hidden) / (sequence ? tensor : 1);
  const first = inFlight(layout) * (perStage * kept + (pipeline === 1 ? 0 : input));
  const recomputed =
    recompute === 'full' ? layerActivations(job, layout, job.attention === 'flash' ? 'none' : 'selective') : 0;
  const gathered = zero === 3 ? (2 * bytes.weights * layer) / tensor : 0;
  // Logits and their gradient in bf16 and in fp32; a layer's recomputation does not happen at the same time.
  const logits = (12 * tokens * shape.vocab) / tensor;
  const last = perStage * kept + logits;
  const alone = pipeline === 1;
  const activations = alone ? first : Math.max(first, perStage * kept);
  const working = LIBRARIES + gathered + (alone ? Math.max(recomputed, logits) : Math.max(recomputed, last - first));
  const [weights, gradients, optimizer] = [
    state.weights * parameters,
    state.gradients * parameters,
    state.optimizer * parameters,
  ];
  return {
    weights,
    gradients,
    optimizer,
    activations,
    working,
    total: weights + gradients + optimizer + activations + working,
  };
}
