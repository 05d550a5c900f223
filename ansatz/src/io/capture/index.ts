export type { Metric, Source } from './metric.ts';
