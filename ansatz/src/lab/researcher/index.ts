export type { Post, Researcher } from './researcher.ts';
export { earlierResults, describe, numericResearcher, spaceOf, type FromCurves } from './numeric.ts';
