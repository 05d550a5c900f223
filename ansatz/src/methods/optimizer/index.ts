export { Optimizer, type OptimizerOptions, type Asked } from './optimizer.ts';
