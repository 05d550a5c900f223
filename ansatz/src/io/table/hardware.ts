/** A device described in a file: YAML or JSON, what is not said is taken from a known one. */

import { readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import {
  type Device,
  DEVICES,
  deviceNamed,
  type Efficiency,
  type Network,
  nearestDevice,
} from '../../methods/plan/index.ts';
import { closest, UserError } from '../../study/error.ts';
import { quantity } from './quantity.ts';

const KEYS = [
  'name',
  'like',
  'peak',
  'peak8',
  'memory',
  'bandwidth',
  'price',
  'topology',
  'per_node',
  'inner',
  'outer',
  'link',
  'dimensions',
  'wrap_from',
  'pod',
  'efficiency',
] as const;
type Key = (typeof KEYS)[number];
const EXAMPLE = 'like: B200\nname: GB200\nper_node: 72\nprice: 5';

/** Read it. Numbers are FLOP/s, bytes, bytes per second one way, and money per device-hour. Throws a UserError. */
export function readHardware(file: string): Device {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || found.isDirectory() || found.size > 1e6)
    throw new UserError('no-data', `"${file}" is no file that describes a device`, { fix: EXAMPLE });
  let parsed: unknown;
  try {
    parsed = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError('bad-hardware', `"${file}" cannot be read as YAML or JSON`, {
      where: file,
      why: (error as Error).message,
      fix: EXAMPLE,
    });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new UserError('bad-hardware', `"${file}" holds no keys`, { where: file, fix: EXAMPLE });
  return deviceFrom(new Map(Object.entries(parsed)), file);
}

function deviceFrom(values: ReadonlyMap<string, unknown>, file: string): Device {
  const bad = (message: string, more: { why?: string; fix?: string } = {}): UserError =>
    new UserError('bad-hardware', message, { where: file, fix: EXAMPLE, ...more });
  for (const key of values.keys())
    if (!(KEYS as readonly string[]).includes(key))
      throw bad(`there is no key "${key}"${closest(key, KEYS)}`, { why: `the keys are ${KEYS.join(', ')}` });
  const like = values.get('like');
  const base = like === undefined ? DEVICES['H100'] : typeof like === 'string' ? deviceNamed(like) : undefined;
  if (base === undefined) {
    const near = typeof like === 'string' ? nearestDevice(like) : undefined;
    throw bad(`like: there is no device ${JSON.stringify(like)}${near === undefined ? '' : `; closest: "${near}"`}`, {
      why: `known are ${Object.keys(DEVICES).join(', ')}`,
    });
  }
  const number = (key: Key, fallback: number): number => {
    const value = values.get(key);
    if (value === undefined) return fallback;
    const read = typeof value === 'number' ? value : typeof value === 'string' ? quantity(value) : undefined;
    if (read !== undefined && read > 0 && Number.isFinite(read)) return read;
    throw bad(`${key} is ${JSON.stringify(value)}, and must be a number above zero`);
  };
  const name = values.get('name');
  const own = values.get('efficiency');
  const efficiency = own === undefined ? base.efficiency : efficiencyFrom(own, base.efficiency, bad);
  return {
    ...base,
    name: typeof name === 'string' ? name : base.name,
    peak: number('peak', base.peak),
    peak8: values.has('peak8')
      ? number('peak8', 0)
      : base.peak8 === undefined
        ? undefined
        : base.peak8 * (number('peak', base.peak) / base.peak),
    memory: number('memory', base.memory),
    bandwidth: number('bandwidth', base.bandwidth),
    price: number('price', base.price),
    network: networkFrom(values, base.network, number, bad),
    efficiency,
    efficiencyFrom: own === undefined ? `assumed, as ${base.name}` : `given in ${file}`,
  };
}

function networkFrom(
  values: ReadonlyMap<string, unknown>,
  base: Network,
  number: (key: Key, fallback: number) => number,
  bad: (message: string, more?: { why?: string; fix?: string }) => UserError,
): Network {
  const topology = values.get('topology') ?? base.kind;
  if (topology === 'fat-tree') {
    const { perNode, inner, outer } =
      base.kind === 'fat-tree' ? base : (DEVICES['H100']!.network as Network & { kind: 'fat-tree' });
    return {
      kind: 'fat-tree',
      perNode: number('per_node', perNode),
      inner: { ...inner, bandwidth: number('inner', inner.bandwidth) },
      outer: { ...outer, bandwidth: number('outer', outer.bandwidth) },
    };
  }
  if (topology !== 'torus')
    throw bad(`topology is ${JSON.stringify(topology)}`, { why: 'it is fat-tree or torus', fix: 'topology: torus' });
  const torus = base.kind === 'torus' ? base : (DEVICES['v5p']!.network as Network & { kind: 'torus' });
  const dimensions = number('dimensions', torus.dimensions);
  if (dimensions !== 2 && dimensions !== 3)
    throw bad(`dimensions is ${dimensions}`, { why: 'a torus has 2 or 3', fix: 'dimensions: 3' });
  return {
    kind: 'torus',
    dimensions,
    link: { ...torus.link, bandwidth: number('link', torus.link.bandwidth) },
    wrapFrom: number('wrap_from', torus.wrapFrom),
    pod: number('pod', torus.pod),
    outer: { ...torus.outer, bandwidth: number('outer', torus.outer.bandwidth) },
  };
}

function efficiencyFrom(
  own: unknown,
  base: Efficiency,
  bad: (message: string, more?: { why?: string; fix?: string }) => UserError,
): Efficiency {
  const shares: Record<string, number> = { ...base };
  for (const [name, share] of Object.entries(own ?? {})) {
    if (!Object.hasOwn(shares, name)) throw bad(`efficiency has no "${name}"${closest(name, Object.keys(shares))}`);
    if (typeof share !== 'number' || !(share > 0 && share <= 3))
      throw bad(`efficiency ${name} is ${JSON.stringify(share)}`, { why: 'it is a share of the peak, above 0' });
    shares[name] = share;
  }
  return shares as unknown as Efficiency;
}
