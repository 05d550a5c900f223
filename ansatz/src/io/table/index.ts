export { candidates, noColumn, readSheet, parseSheet, type Role, type Sheet } from './table.ts';
export { looksLikeRuns, pointsIn, runsIn, type Asked, type RunTable, type PointTable } from './runs.ts';
export { quantity } from './quantity.ts';
export { measuredIn, type MeasuredRuns } from './measured.ts';
export { readHardware } from './hardware.ts';
export { columnsIn, labelsIn, rowsWhere, truthsIn, type Columns, type Wanted } from './columns.ts';
