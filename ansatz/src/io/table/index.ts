export { readSheet, parseSheet, type Sheet } from './table.ts';
export { pointsIn, runsIn, type Asked, type RunTable, type PointTable } from './runs.ts';
export { quantity } from './quantity.ts';
export { measuredIn, type MeasuredRuns } from './measured.ts';
export { readHardware } from './hardware.ts';
