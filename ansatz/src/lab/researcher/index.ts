export type { Post, Researcher } from './researcher.ts';
export { earlierResults, describe, inRange, numericResearcher, spaceOf, type FromCurves } from './numeric.ts';
