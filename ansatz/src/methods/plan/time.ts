/**
 * Seconds of a training step: matrix products and attention at a share of the device's peak, everything else at a share of its memory bandwidth, the collectives
 * that no computation hides, the bubble of the pipeline (Narayanan et al. 2021, arXiv 2104.04473, section 2.2), the optimizer.
 * That the rest costs bytes is what makes narrow models slow: products grow with the square of the width, bytes with the width.
 */

import type { Efficiency } from './hardware.ts';
import type { Job } from './job.ts';
import type { Layout } from './layout.ts';
import { attentionWidths, flopsPerToken, parametersOf } from './shape.ts';
import { gather, reduce, wiresOf } from './wires.ts';

/** Seconds of a step, and where they go; the parts add up to `seconds`. */
export interface StepTime {
  readonly seconds: number;
  /** Matrix products and attention, recomputed ones too. */
  readonly products: number;
  /** Norms, activations, softmax, loss: bound by memory. */
  readonly elementwise: number;
  /** Tensor- and context-parallel collectives that are waited for. */
  readonly tensor: number;
  /** Idle at both ends of the pipeline, and for a longer last stage. */
  readonly bubble: number;
  /** Sending activations between stages. */
  readonly stages: number;
  /** Gathering weights and reducing gradients, as far as computation does not hide it. */
  readonly data: number;
  readonly optimizer: number;
  /** Model FLOP/s over the peak in bf16 (PaLM, appendix B: attention over the whole square, nothing recomputed). */
  readonly mfu: number;
  /** The same with what is recomputed. */
  readonly hfu: number;
  readonly tokensPerSecond: number;
}

/** Of a backward pass that can hide collectives of weights and gradients; the rest is start-up and contention. */
const HIDES = 0.85;
/** A backward pass moves three times the bytes of a forward pass: operands, gradients of both, sums into gradients. Twice its FLOPs. */
const BACKWARD_BYTES = 3;

/** One micro-batch through one layer, forward: seconds at full efficiency of each kind. */
interface Pass {
  readonly linear: number;
  readonly attention: number;
  readonly memory: number;
}

/** Time of a step. `efficiency` stands for the device's own where it is being fitted. */
export function stepTime(job: Job, layout: Layout, efficiency: Efficiency = job.device.efficiency): StepTime {
  const { shape, device, bytes } = job;
  const { tensor, sequence, context, data, pipeline, interleave, zero, recompute, microbatch, accumulate } = layout;
  const { layer, embedding, head } = parametersOf(shape);
  const tokens = (microbatch * shape.seq) / context;
  const perStage = shape.layers / pipeline;
  const peak = job.bits === 8 ? (device.peak8 ?? device.peak) : device.peak;
  const wires = wiresOf(device.network, layout, efficiency.network);

  const pass = layerPass(job, layout, tokens, peak, layer);
  const [linear, attention] = [
    pass.linear / efficiency.matmul,
    pass.attention / (job.attention === 'flash' ? efficiency.attention : efficiency.matmul),
  ];
  const memory = pass.memory / efficiency.memory;
  // A forward pass done again: of all, or with fused attention and `selective` of every second product.
  const again = recompute === 'full' ? 1 : recompute === 'selective' && job.attention === 'flash' ? 0.5 : 0;
  // Fused attention does its square again in any case, which its efficiency knows; plain attention when it is not kept.
  const attentionAgain = recompute === 'full' || (recompute === 'selective' && job.attention === 'plain') ? 1 : 0;
  const square = squareBytes(job, layout, tokens) / device.bandwidth / efficiency.memory;
  const layerProducts = (3 + again) * linear + (3 + attentionAgain) * attention;
  const layerMemory = (1 + BACKWARD_BYTES + again) * memory + (1 + BACKWARD_BYTES + attentionAgain) * square;
  const out = headPass(job, tokens, tensor, device.peak, device.bandwidth, efficiency);

  // Two gathers and two scatters a pass with sequence parallelism, two all-reduces without: the same bytes.
  const activation = 2 * tokens * shape.hidden;
  const tensorPass =
    tensor === 1 ? 0 : sequence ? 4 * gather(wires.tensor, activation) : 2 * reduce(wires.tensor, activation);
  const { key } = attentionWidths(shape);
  const contextPass = context === 1 ? 0 : gather(wires.context, (4 * tokens * context * key) / tensor);
  const tensorHidden = Math.min(tensorPass, device.tensorOverlap * linear);
  const layerTensor = (2 + again) * (tensorPass - tensorHidden + Math.max(0, contextPass - HIDES * attention));

  const layerTime = layerProducts + layerMemory + layerTensor;
  const stage = perStage * layerTime;
  const ends = out.products + out.memory;
  const send = pipeline === 1 ? 0 : stageSend(activation, tensor, interleave, wires.stage);

  // FSDP gathers a layer's weights for each pass and scatters its gradients; the rest moves gradients once a step.
  const weightBytes = (bytes.weights * layer) / tensor;
  const gradientBytes = (Math.min(bytes.gradients, 2) * layer) / tensor;
  const endBytes = (2 * (pipeline === 1 ? embedding + head : embedding)) / tensor;
  let dataTime = 0;
  if (data * context > 1) {
    if (zero === 3) {
      const [weightGather, gradientScatter] = [gather(wires.data, weightBytes), gather(wires.data, gradientBytes)];
      const forward = linear + attention + memory;
      const backward = layerTime - layerTensor - forward;
      const waits =
        Math.max(0, weightGather - HIDES * forward) + Math.max(0, weightGather + gradientScatter - HIDES * backward);
      dataTime = accumulate * (perStage * waits + gather(wires.data, endBytes)) + 2 * weightGather;
    } else {
      const gradients = perStage * ((bytes.gradients * layer) / tensor) + 2 * endBytes;
      const scatters = zero === 2 ? accumulate : 1;
      const once = zero === 0 ? reduce(wires.data, gradients) : gather(wires.data, gradients);
      const weights = zero === 0 ? 0 : gather(wires.data, perStage * weightBytes + endBytes);
      const [backward, forward] = [(2 / 3) * stage, stage / 3];
      dataTime = scatters * Math.max(once / 20, once - HIDES * backward) + Math.max(0, weights - HIDES * forward);
    }
  }

  const parameters = (perStage * layer + (pipeline === 1 ? embedding + head : embedding)) / tensor;
  const stepped = zero === 0 ? parameters : parameters / (data * context);
  // Read the gradient, read and write master, momentum and variance, write the weight.
  const optimizer =
    (stepped * (bytes.gradients + 2 * bytes.optimizer + bytes.weights)) / device.bandwidth / efficiency.memory;

  const products = accumulate * (perStage * layerProducts + out.products / pipeline);
  const elementwise = accumulate * (perStage * layerMemory + out.memory / pipeline);
  const tensorTime = accumulate * perStage * layerTensor;
  // The pace is that of the slowest stage: the longest, or the last, which has the output layer too and, where layers do not divide, one layer fewer.
  const longest = interleave * Math.ceil(shape.layers / pipeline / interleave);
  const spare = longest * pipeline > shape.layers ? layerTime : 0;
  const slowest = (longest - perStage) * layerTime + Math.max(0, ends - spare) - ends / pipeline;
  const bubble = pipeline === 1 ? 0 : ((pipeline - 1) / interleave) * stage + accumulate * slowest;
  const stages = pipeline === 1 ? 0 : (accumulate + (pipeline - 1) / interleave) * send;
  const seconds = products + elementwise + tensorTime + bubble + stages + dataTime + optimizer;

  const stepTokens = microbatch * accumulate * data * shape.seq;
  const devices = data * tensor * context * pipeline;
  const tokensPerSecond = stepTokens / seconds;
  const perToken = flopsPerToken(shape);
  const recomputed =
    again * (2 * shape.layers * layer + 4 * shape.layers * shape.hidden * shape.seq) +
    (attentionAgain - again) * 4 * shape.layers * shape.hidden * shape.seq;
  return {
    seconds,
    products,
    elementwise,
    tensor: tensorTime,
    bubble,
    stages,
    data: dataTime,
    optimizer,
    mfu: (perToken * tokensPerSecond) / devices / device.peak,
    hfu: ((perToken + recomputed) * tokensPerSecond) / devices / device.peak,
    tokensPerSecond,
  };
}

function layerPass(
  { shape, device }: Job,
  { tensor, sequence }: Layout,
  tokens: number,
  peak: number,
  layer: number,
): Pass {
  const { hidden, ffn, gated, seq } = shape;
  const { query, key } = attentionWidths(shape);
  const apart = sequence ? tensor : 1;
  // Two norms read and write, two residual sums read two and write one: 20 bytes. Inputs and outputs of products at full width.
  const whole = (20 * hidden) / apart + 2 * 4 * hidden;
  const activation = (gated ? 6 : 4) * ffn;
  const split = 2 * (2 * query + 2 * key + (gated ? 3 : 2) * ffn) + activation;
  const weights = (2 * layer) / tensor;
  return {
    linear: (2 * tokens * layer) / tensor / peak,
    attention: (4 * tokens * seq * query) / tensor / device.peak,
    memory: (tokens * (whole + split / tensor) + weights) / device.bandwidth,
  };
}

/** Bytes that plain attention moves for the square of the sequence in one pass: scores, softmax and dropout written and read. */
function squareBytes({ shape, attention, dropout }: Job, { tensor }: Layout, tokens: number): number {
  return attention === 'flash' ? 0 : ((8 + (dropout ? 5 : 0)) * tokens * shape.seq * shape.heads) / tensor;
}

/** The output matrix and the loss of one micro-batch, forward and backward. */
function headPass(
  { shape }: Job,
  tokens: number,
  tensor: number,
  peak: number,
  bandwidth: number,
  { matmul, memory }: Efficiency,
): { products: number; memory: number } {
  const { hidden, vocab } = shape;
  // Logits written, copied to fp32, read for maximum and sum, and the gradient the same way back.
  const bytes = (24 * tokens * vocab) / tensor;
  return { products: (6 * tokens * hidden * vocab) / tensor / peak / matmul, memory: bytes / bandwidth / memory };
}

/** Activations to the next stage and their gradient back, for one micro-batch on each of its pieces. */
function stageSend(
  bytes: number,
  split: number,
  interleave: number,
  link: { bandwidth: number; latency: number },
): number {
  return 2 * interleave * (link.latency + bytes / split / link.bandwidth);
}
