export type { Post, Researcher } from './researcher.ts';
export { describe, numericResearcher, spaceOf, type FromCurves } from './numeric.ts';
