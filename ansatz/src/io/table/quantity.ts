/** Amounts as people write them in tables of runs: `1.3B` parameters, `300 million`, `6e18 FLOPs`, `40 PF-days`. */

const NUMBER = /^[\s≈~]*([-+]?(?:\d[\d_ ']*(?:,\d{3})*(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)\s*(.*)$/i;

/** Factors by suffix. Letters of parameters and tokens in any case; those from P up only mean something beside FLOP. */
const FACTORS: Readonly<Record<string, number>> = {
  k: 1e3,
  thousand: 1e3,
  thousands: 1e3,
  m: 1e6,
  mn: 1e6,
  million: 1e6,
  millions: 1e6,
  b: 1e9,
  bn: 1e9,
  g: 1e9,
  billion: 1e9,
  billions: 1e9,
  t: 1e12,
  tn: 1e12,
  trillion: 1e12,
  trillions: 1e12,
};
const FLOP_FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  p: 1e15,
  e: 1e18,
  z: 1e21,
  y: 1e24,
};
const WHAT = /\s*(?:parameters?|params?|tokens?|toks?|examples?|samples?|nats?(?:\s*(?:\/|per)\s*tok(?:en)?s?)?)$/i;

/** The number in a cell, its unit applied; undefined when it is none or the unit is not known. */
export function quantity(cell: string): number | undefined {
  const match = NUMBER.exec(cell.trim());
  if (match === null) return undefined;
  const value = Number(match[1]!.replaceAll(/[_ ',]/g, ''));
  const factor = unitFactor(match[2]!);
  return factor === undefined || !Number.isFinite(value) ? undefined : value * factor;
}

/** What one of a unit is: `B` and `billion tokens` 1e9, `EFLOPs` 1e18, `PF-days` 8.64e19, nothing 1; undefined when unknown. */
export function unitFactor(unit: string): number | undefined {
  const text = unit.trim();
  const days = /^([tpez]?)(?:f|flops?|flop\/s)[-\s]*days?$/i.exec(text);
  if (days !== null) return FLOP_FACTORS[days[1]!.toLowerCase()]! * 86_400;
  const flops = /^([mgtpezy]?)flops?$/i.exec(text);
  if (flops !== null) return FLOP_FACTORS[flops[1]!.toLowerCase()];
  const bare = ` ${text}`.replace(WHAT, '').trim().toLowerCase();
  if (bare === '') return 1;
  return Object.hasOwn(FACTORS, bare) ? FACTORS[bare] : undefined;
}
