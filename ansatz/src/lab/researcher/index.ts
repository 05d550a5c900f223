export type { Post, Researcher } from './researcher.ts';
export { describe, numericResearcher, spaceOf } from './numeric.ts';
