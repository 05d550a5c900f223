export type { Space, Param, Domain, Prior, NumberParam, ChoiceParam, Point, Value } from './space.ts';
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
  defaults,
  randomPoint,
} from './encode.ts';
export { type Constraint, parseConstraint, holds, namesIn, ExpressionError } from './expression.ts';
