export { Optimizer, type Asked, type Finished, type State } from './optimizer.ts';
export type { OptimizerOptions } from './options.ts';
export { FrontOptimizer, type FrontOptions, type OnFront, type Outcomes } from './front.ts';
export { OptimizerError } from './error.ts';
export {
  defineSpace,
  toSpace,
  SpaceError,
  type Space,
  type Param,
  type ParamInput,
  type Point,
  type Value,
} from '../space/index.ts';
