export type { Space, Param, Domain, Prior, NumberParam, ChoiceParam, Point, Value } from './space.ts';
export {
  defineSpace,
  SpaceError,
  type ParamInput,
  type NumberInput,
  type ChoiceInput,
  type FixedInput,
  type When,
} from './define.ts';
export { logPrior, drawPrior, hasPrior, PRIOR_WIDTH, PRIOR_STRENGTH } from './prior.ts';
export { toSpace } from './json.ts';
export { valueAt } from './point.ts';
export {
  encode,
  decode,
  encodeParam,
  decodeParam,
  active,
  feasible,
  canonical,
  cardinality,
  valuesOf,
  applicable,
  completed,
  defaults,
  randomPoint,
} from './encode.ts';
export { repaired } from './repair.ts';
export {
  type Constraint,
  parseConstraint,
  isOneOf,
  quotedName,
  quotedValue,
  holds,
  shortfall,
  namesIn,
  ExpressionError,
} from './expression.ts';
