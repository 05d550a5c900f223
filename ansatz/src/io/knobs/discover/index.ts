export { discover } from './discover.ts';
export type { Discovery } from './discover.ts';
export type { FoundKnob } from './propose.ts';
