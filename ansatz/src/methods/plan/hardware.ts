/**
 * Accelerators and how they are wired. Peaks and links are the makers' figures for dense bf16 and one direction. Prices are assumptions, to be replaced
 * by one's own (`PRICES_OF` says of when); efficiencies are what training runs reach of the peaks: fitted where public runs allow it, assumed elsewhere.
 */

import { nearest } from '../math/nearest.ts';
import type { Link } from './collectives.ts';

/** Shares of the peaks that a training run reaches. All in (0, 1.5]; above 1 only where a count of bytes was too high. */
export interface Efficiency {
  /** Of peak FLOP/s, in large matrix products. */
  readonly matmul: number;
  /** Of peak FLOP/s, in attention, counted over the whole square. */
  readonly attention: number;
  /** Of the memory's bandwidth, in everything else. */
  readonly memory: number;
  /** Of the links' bandwidth. */
  readonly network: number;
}

/** Nodes of devices on NVLink (or the like), joined by a fat tree with full bisection through one NIC per device. */
export interface FatTree {
  readonly kind: 'fat-tree';
  readonly perNode: number;
  readonly inner: Link;
  readonly outer: Link;
}

/** Pods whose devices are linked to their neighbours along 2 or 3 axes; between pods the data-centre network. */
export interface Torus {
  readonly kind: 'torus';
  readonly dimensions: 2 | 3;
  /** One link, one way; a device has two per axis. */
  readonly link: Link;
  /** Axes at least this long close to rings. */
  readonly wrapFrom: number;
  /** Devices of the largest pod. */
  readonly pod: number;
  /** Per device, between pods. */
  readonly outer: Link;
}

export type Network = FatTree | Torus;

export interface Device {
  readonly name: string;
  /** Dense bf16 FLOP/s. */
  readonly peak: number;
  /** FLOP/s of matrix products in 8 bits; undefined when it has none or it brings nothing. */
  readonly peak8: number | undefined;
  /** Bytes of memory, and bytes per second to it. */
  readonly memory: number;
  readonly bandwidth: number;
  readonly network: Network;
  /** Money per device-hour: an assumption. */
  readonly price: number;
  readonly efficiency: Efficiency;
  /** Where the efficiency comes from. */
  readonly efficiencyFrom: string;
  /** Share of a layer's matrix products that can hide its tensor-parallel collectives (collective matmul). */
  readonly tensorOverlap: number;
}

/** The prices are a rough middle of public offers for reserved capacity at this date; they move by tens of percent a year. */
export const PRICES_OF = '2026-11';

const GIB = 2 ** 30;
const fatTree = (perNode: number, inner: number, outer: number): FatTree => ({
  kind: 'fat-tree',
  perNode,
  inner: { bandwidth: inner, latency: 2e-6 },
  outer: { bandwidth: outer, latency: 6e-6 },
});
const torus = (dimensions: 2 | 3, link: number, wrapFrom: number, pod: number): Torus => ({
  kind: 'torus',
  dimensions,
  link: { bandwidth: link, latency: 1e-6 },
  wrapFrom,
  pod,
  // 25 GB/s per host of four chips.
  outer: { bandwidth: 6.25e9, latency: 2e-5 },
});

/** Fitted to every other A100 row of llm-foundry and to Korthikanti et al. 2022, table 5 (bench/plan.ts); links held at 0.9, which these hardly tell. */
const A100: Efficiency = { matmul: 0.835, attention: 0.524, memory: 0.772, network: 0.9 };
/** Fitted to seven H100 runs that torchtitan published (December 2024, June 2025; bench/plan.ts reads six): devices of 96 GB, 2.4 TB/s, held to 500 W. */
const H100_500W: Efficiency = { matmul: 0.6, attention: 0.44, memory: 0.66, network: 0.82 };
/** At 700 W products may run (600/400)^0.4 = 1.18 times quicker: power above some 100 W of idling goes as about the 2.5th power of the clock. */
const H100: Efficiency = { matmul: 0.7, attention: 0.51, memory: 0.66, network: 0.82 };
/** No public run was at hand: an assumption. */
const TPU: Efficiency = { matmul: 0.75, attention: 0.4, memory: 0.8, network: 0.9 };

/** Devices by name. */
export const DEVICES: Readonly<Record<string, Device>> = Object.fromEntries(
  (
    [
      ['A100', 312e12, undefined, 80 * GIB, 2.0e12, fatTree(8, 300e9, 25e9), 1.6, A100, 'fitted', 0],
      ['A100-40', 312e12, undefined, 40 * GIB, 1.555e12, fatTree(8, 300e9, 25e9), 1.3, A100, 'fitted', 0],
      [
        'H100',
        989e12,
        1979e12,
        80 * GIB,
        3.35e12,
        fatTree(8, 450e9, 50e9),
        2.5,
        H100,
        'fitted at 500 W, carried over to 700 W',
        0,
      ],
      ['H100-96', 989e12, 1979e12, 96 * GIB, 2.4e12, fatTree(8, 450e9, 50e9), 2.5, H100_500W, 'fitted', 0],
      [
        'H200',
        989e12,
        1979e12,
        141e9,
        4.8e12,
        fatTree(8, 450e9, 50e9),
        3.0,
        H100,
        'fitted at 500 W on H100, carried over to 700 W',
        0,
      ],
      ['B200', 2250e12, 4500e12, 180 * GIB, 8e12, fatTree(8, 900e9, 50e9), 4.5, H100, 'assumed', 0],
      ['v4', 275e12, undefined, 32 * GIB, 1.2e12, torus(3, 45e9, 4, 4096), 2.0, TPU, 'assumed', 0.8],
      ['v5p', 459e12, undefined, 95 * GIB, 2.8e12, torus(3, 90e9, 4, 8960), 3.0, TPU, 'assumed', 0.8],
      ['v5e', 197e12, undefined, 16 * GIB, 0.81e12, torus(2, 45e9, 16, 256), 0.9, TPU, 'assumed', 0.8],
      ['v6e', 920e12, undefined, 32 * GIB, 1.6e12, torus(2, 90e9, 16, 256), 1.9, TPU, 'assumed', 0.8],
    ] as const
  ).map(([name, peak, peak8, memory, bandwidth, network, price, efficiency, efficiencyFrom, tensorOverlap]) => [
    name,
    { name, peak, peak8, memory, bandwidth, network, price, efficiency, efficiencyFrom, tensorOverlap },
  ]),
);

const ALIASES: Readonly<Record<string, string>> = {
  'a100-80': 'A100',
  'a100-80gb': 'A100',
  'a100-40gb': 'A100-40',
  'h100-80': 'H100',
  'h100-80gb': 'H100',
  'h100-96gb': 'H100-96',
  'h100-sxm': 'H100',
  tpuv4: 'v4',
  tpuv5p: 'v5p',
  tpuv5e: 'v5e',
  tpuv6e: 'v6e',
  'tpu-v4': 'v4',
  'tpu-v5p': 'v5p',
  'tpu-v5e': 'v5e',
  'tpu-v6e': 'v6e',
  trillium: 'v6e',
};

/** The device a name means, whatever its case: `h100`, `a100_80gb`, `TPU v5p`; undefined when there is none. */
export function deviceNamed(name: string): Device | undefined {
  const plain = name
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s]+/g, '-');
  const found = Object.keys(DEVICES).find((known) => known.toLowerCase() === plain) ?? ALIASES[plain];
  return found === undefined ? undefined : DEVICES[found];
}

/** The name a mistyped device may have meant. */
export function nearestDevice(name: string): string | undefined {
  return nearest(name, Object.keys(DEVICES));
}

/** `512xH100`, `512 H100`, `H100x512`, `H100` (count undefined). The name is not looked up. Undefined when it is neither. */
export function parseDevices(text: string): { count: number | undefined; name: string } | undefined {
  const number = (digits: string): number => Number(digits.replaceAll(/[,_]/g, ''));
  const before = /^\s*([-+]?[\d.,_]+(?:e\d+)?)\s*(?:[x×*]\s*|\s)(\S.*?)\s*$/i.exec(text);
  if (before !== null) return { count: number(before[1]!), name: before[2]! };
  const after = /^\s*([a-z].*?)\s*[x×*]\s*([\d.,_]+)\s*$/i.exec(text);
  if (after !== null) return { count: number(after[2]!), name: after[1]! };
  return /^\s*[a-z]/i.test(text) ? { count: undefined, name: text.trim() } : undefined;
}
