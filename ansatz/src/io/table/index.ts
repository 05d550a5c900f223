export { readSheet, parseSheet, type Sheet } from './table.ts';
export { runsIn, type Asked, type RunTable } from './runs.ts';
export { quantity } from './quantity.ts';
