export { discover } from './discover.ts';
export type { Discovery, Setting } from './discover.ts';
export type { FoundKnob } from './propose.ts';
