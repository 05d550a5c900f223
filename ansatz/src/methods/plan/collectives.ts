/**
 * What collectives cost: bytes are those of the whole array (gathered, or to be reduced), bandwidths bytes per second of
 * one rank in one direction, latencies seconds per hop; results are seconds. Rings and trees: Thakur et al. 2005 and Sanders
 * et al. 2009 (two trees); tori: the JAX scaling book (Austin et al. 2025), chapter 3.
 */

/** One kind of link: bytes per second one way, seconds per hop. */
export interface Link {
  readonly bandwidth: number;
  readonly latency: number;
}

/** A ring: p − 1 hops, each passing on 1/p of the array. Reduce-scatter takes the same. */
export function ringGather(bytes: number, ranks: number, { bandwidth, latency }: Link): number {
  return (ranks - 1) * (latency + bytes / (ranks * bandwidth));
}

/** Reduce-scatter and all-gather over a ring. */
export function ringReduce(bytes: number, ranks: number, link: Link): number {
  return 2 * ringGather(bytes, ranks, link);
}

/** Two binary trees that use both directions: few hops, twice the array. */
export function treeReduce(bytes: number, ranks: number, { bandwidth, latency }: Link): number {
  return ranks === 1 ? 0 : 2 * Math.log2(ranks) * latency + (2 * bytes) / bandwidth;
}

/** Switches that add (SHARP): each rank sends its array once. */
export function switchReduce(bytes: number, ranks: number, { bandwidth, latency }: Link): number {
  return ranks === 1 ? 0 : 2 * latency + bytes / bandwidth;
}

/** Gather among `nodes` first, each of the `local` ranks its own share over its own NIC, then inside the node. */
export function twoLevelGather(bytes: number, local: number, nodes: number, inner: Link, outer: Link): number {
  return ringGather(bytes / local, nodes, outer) + ringGather(bytes, local, inner);
}

/** Reduce-scatter inside the node, all-reduce of the share among nodes, all-gather inside the node. */
export function twoLevelReduce(bytes: number, local: number, nodes: number, inner: Link, outer: Link): number {
  const across = Math.min(ringReduce(bytes / local, nodes, outer), treeReduce(bytes / local, nodes, outer));
  return 2 * ringGather(bytes, local, inner) + across;
}

/** Every rank sends a different 1/p of its `bytes` to every other, directly. */
export function allToAll(bytes: number, ranks: number, link: Link): number {
  return ringGather(bytes, ranks, link);
}

/** A torus group: the length of each axis it spans, and the links of its devices. */
export interface Axes {
  readonly lengths: readonly number[];
  /** Axes at least this long are closed to a ring; shorter ones are lines, at half the bandwidth. */
  readonly wrapFrom: number;
  readonly link: Link;
}

/** Both directions of all axes together: with a ring n/W per axis (W is two links), on a line half of that. */
function torusBandwidth({ lengths, wrapFrom, link }: Axes): number {
  let sum = 0;
  for (const length of lengths) if (length > 1) sum += (length >= wrapFrom ? 2 : 1) * link.bandwidth;
  return sum;
}

function torusHops({ lengths, wrapFrom }: Axes): number {
  let sum = 0;
  for (const length of lengths) sum += length >= wrapFrom ? length / 2 : length - 1;
  return sum;
}

/** All-gather, or reduce-scatter, over all axes at once: bandwidth, or at least the hops across. */
export function torusGather(bytes: number, axes: Axes): number {
  const bandwidth = torusBandwidth(axes);
  return bandwidth === 0 ? 0 : Math.max(torusHops(axes) * axes.link.latency, bytes / bandwidth);
}

/** Reduce-scatter and all-gather. */
export function torusReduce(bytes: number, axes: Axes): number {
  return 2 * torusGather(bytes, axes);
}

/** On a ring every byte goes a quarter of the way round on average: a quarter of an all-gather of the same array. */
export function torusAllToAll(bytes: number, axes: Axes): number {
  return torusGather(bytes, axes) / 4;
}
