export { deliver, applyPatches } from './deliver.ts';
export type { Delivered, Edit, Patch } from './deliver.ts';
export { copyTree } from './copy.ts';
export type { Copied, CopyOptions } from './copy.ts';
export { arrived } from './verify.ts';
export type { Arrival } from './verify.ts';
