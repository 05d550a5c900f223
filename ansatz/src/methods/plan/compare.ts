/** The same devices wired as a fat tree and as tori: how the best layout and its speed change with the size of the machine. */

import type { Device, Network } from './hardware.ts';
import { DEVICES } from './hardware.ts';
import type { Job } from './job.ts';
import { type Plan, search } from './search.ts';

/** One network at one size; `plan` is undefined when nothing fits. */
export interface Compared {
  readonly network: string;
  readonly devices: number;
  readonly batch: number;
  readonly plan: Plan | undefined;
}

/** The networks compared: that of the device, and those of H100 nodes, of v6e and of v5p pods, unless it is one of them. */
export function networksFor(device: Device): { name: string; network: Network }[] {
  const known: readonly { name: string; network: Network }[] = [
    { name: 'nodes of 8 + fat tree, as H100', network: DEVICES['H100']!.network },
    { name: '2D torus (4 links of 90 GB/s)', network: { ...torusOf('v6e'), pod: 65536 } },
    { name: '3D torus (6 links of 90 GB/s)', network: { ...torusOf('v5p'), pod: 65536 } },
  ];
  const { network } = device;
  const wired = network.kind === 'fat-tree' ? `nodes of ${network.perNode} + fat tree` : `${network.dimensions}D torus`;
  const own = { name: `${wired}, as ${device.name}`, network };
  return [own, ...known.filter((other) => other.network !== network)];
}

function torusOf(name: string): Network & { kind: 'torus' } {
  const { network } = DEVICES[name]!;
  if (network.kind !== 'torus') throw new Error(`${name} is on no torus`);
  return network;
}

/** The best layout on each network at each size. The batch grows with the machine beyond `batch` only when there would be less than one sequence a device and eight. */
export function compareNetworks(job: Job, sizes: readonly number[], batch: number): Compared[] {
  return sizes.flatMap((devices) =>
    networksFor(job.device).map(({ name, network }) => {
      const wanted = Math.max(batch, 2 ** Math.ceil(Math.log2(devices / 8)));
      const found = search({ ...job, device: { ...job.device, network } }, { devices, batch: wanted, most: 1 });
      return { network: name, devices, batch: wanted, plan: found.best[0] };
    }),
  );
}
