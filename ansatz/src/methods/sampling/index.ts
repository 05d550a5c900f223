export type { Sampler, Observation, Plan } from './sampler.ts';
export { random } from './random.ts';
export { quasi } from './quasi.ts';
export { tpe } from './tpe.ts';
export { cmaes, cmaesAfter } from './cmaes.ts';
export { nsga2 } from './nsga2.ts';
export { gp } from './gp.ts';
export { ehvi } from './ehvi.ts';
export { auto, samplers } from './auto.ts';
