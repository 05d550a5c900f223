/** Which links the ranks of a parallel group have between them, and what its collectives cost there. */

import {
  type Axes,
  type Link,
  ringGather,
  ringReduce,
  torusGather,
  torusReduce,
  treeReduce,
  twoLevelGather,
  twoLevelReduce,
} from './collectives.ts';
import type { Network } from './hardware.ts';
import type { Layout } from './layout.ts';

/** A group on a fat tree: `local` of its ranks in each node; or on a torus: its axes, and `pods` of them. */
type Wire =
  | {
      readonly kind: 'fat-tree';
      readonly ranks: number;
      readonly local: number;
      readonly inner: Link;
      readonly outer: Link;
    }
  | {
      readonly kind: 'torus';
      readonly ranks: number;
      readonly axes: Axes;
      readonly pods: number;
      readonly outer: Link;
    };

/** The groups of one device. */
export interface Wires {
  readonly tensor: Wire;
  readonly context: Wire;
  /** Over which weights and optimizer are sharded and gradients reduced: data × context. */
  readonly data: Wire;
  /** Bytes per second and seconds to the neighbour in the pipeline. */
  readonly stage: Link;
}

/** Place a layout: tensor ranks next to each other, then context, then data, stages of the pipeline furthest apart. `share` of each bandwidth is reached. */
export function wiresOf(network: Network, layout: Layout, share: number): Wires {
  const { tensor, context, data, pipeline } = layout;
  const slow = ({ bandwidth, latency }: Link): Link => ({ bandwidth: bandwidth * share, latency });
  if (network.kind === 'fat-tree') {
    const [inner, outer] = [slow(network.inner), slow(network.outer)];
    const group = (ranks: number, inside: number): Wire => {
      const room = Math.max(1, Math.floor(network.perNode / inside));
      const local = ranks <= room ? ranks : divisorBelow(ranks, room);
      return { kind: 'fat-tree', ranks, local, inner, outer };
    };
    return {
      tensor: group(tensor, 1),
      context: group(context, tensor),
      data: group(data * context, tensor),
      stage: tensor * context * data * pipeline <= network.perNode ? inner : outer,
    };
  }
  const { dimensions, wrapFrom } = network;
  const [link, outer] = [slow(network.link), slow(network.outer)];
  const devices = tensor * context * data * pipeline;
  const pods = divisorFrom(data, Math.ceil(devices / network.pod));
  const inPod = (data * context) / pods;
  // Every group gets an axis, the pipeline one of its own when there are enough; what is left goes to data, the largest group.
  const own = (pipeline > 1 ? 1 : 0) + (tensor > 1 ? 1 : 0);
  const forData = Math.max(1, dimensions - own);
  const forTensor = inPod > 1 ? 1 : Math.max(1, dimensions - (pipeline > 1 ? 1 : 0));
  const group = (ranks: number, axes: number, across: number): Wire => ({
    kind: 'torus',
    ranks: ranks * across,
    axes: { lengths: spread(ranks, axes), wrapFrom, link },
    pods: across,
    outer,
  });
  return {
    tensor: group(tensor, forTensor, 1),
    context: group(context, 1, 1),
    data: group(inPod, forData, pods),
    stage: link,
  };
}

/** All-gather, or reduce-scatter, of an array of so many bytes: seconds, by the quickest algorithm. */
export function gather(wire: Wire, bytes: number): number {
  if (wire.ranks === 1) return 0;
  if (wire.kind === 'torus') {
    return torusGather(bytes, wire.axes) + podsGather(bytes / (wire.ranks / wire.pods), wire);
  }
  const { ranks, local, inner, outer } = wire;
  if (local === ranks) return ringGather(bytes, ranks, inner);
  // A flat ring enters and leaves a node through as many NICs as it has ranks there.
  const flat = { bandwidth: Math.min(inner.bandwidth, outer.bandwidth * local), latency: outer.latency };
  return Math.min(ringGather(bytes, ranks, flat), twoLevelGather(bytes, local, ranks / local, inner, outer));
}

/** All-reduce: seconds, by the quickest algorithm. */
export function reduce(wire: Wire, bytes: number): number {
  if (wire.ranks === 1) return 0;
  if (wire.kind === 'torus') {
    const share = bytes / (wire.ranks / wire.pods);
    return torusReduce(bytes, wire.axes) + 2 * podsGather(share, wire);
  }
  const { ranks, local, inner, outer } = wire;
  if (local === ranks) return Math.min(ringReduce(bytes, ranks, inner), treeReduce(bytes, ranks, inner));
  const flat = { bandwidth: Math.min(inner.bandwidth, outer.bandwidth * local), latency: outer.latency };
  return Math.min(
    ringReduce(bytes, ranks, flat),
    treeReduce(bytes, ranks, flat),
    twoLevelReduce(bytes, local, ranks / local, inner, outer),
  );
}

function podsGather(bytes: number, { pods, outer }: { readonly pods: number; readonly outer: Link }): number {
  return pods === 1 ? 0 : ringGather(bytes, pods, outer);
}

/** The greatest divisor of `n` that is at most `most`. */
function divisorBelow(n: number, most: number): number {
  for (let d = Math.min(n, most); d > 1; d--) if (n % d === 0) return d;
  return 1;
}

/** The least divisor of `n` that is at least `least`; `n` itself when it is smaller. */
function divisorFrom(n: number, least: number): number {
  for (let d = least; d < n; d++) if (n % d === 0) return d;
  return n;
}

/** So many ranks over axes of lengths as equal as their divisors allow. */
function spread(ranks: number, axes: number): number[] {
  const lengths: number[] = [];
  let left = ranks;
  for (let k = axes; k > 1 && left > 1; k--) {
    const length = divisorBelow(left, Math.floor(left ** (1 / k) + 1e-9));
    if (length > 1) lengths.push(length);
    left /= length;
  }
  if (left > 1) lengths.push(left);
  return lengths;
}
