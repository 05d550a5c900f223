export { type Pruner, type Stop, type Curve, bestBy, reaches } from './pruner.ts';
export { median } from './median.ts';
export { asha } from './asha.ts';
export { type Scheduler, type Situation, type Training, type Report } from './scheduler.ts';
export { halving } from './halving.ts';
export { pruners, schedulers, stoppingOf, type Stopping } from './schedulers.ts';
export { forecasts, siblingRisk, type Finished } from './risk.ts';
