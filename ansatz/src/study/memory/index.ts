export {
  type TrialRecord,
  type KnobChange,
  type FileChange,
  type Context,
  type Outcome,
  type Status,
  type Cost,
  type Link,
  type LinkKind,
  pointOf,
  changesBetween,
  failed,
  faceOf,
  signatureOf,
} from './record.ts';
export { recordsOf, recordOf, contextOf, idOf, type Origin } from './derive.ts';
export { recordsOfLog } from './chain.ts';
export { fingerprint, diffPrint, type Fingerprint } from './fingerprint.ts';
export { likeness, differsText, SAME_CONTEXT, type Differs, type Likeness } from './context.ts';
export { memoryOf, termsOf, textOf, citedBy, type Memory, type Shelf, type Use } from './memory.ts';
export { terms } from './terms.ts';
export { bm25, best, countTerms, textIndex, type Hit, type TextIndex, type Postings } from './search.ts';
export { distanceOver, domainsOf, noiseRadius, FIRST_RADIUS, type Distance } from './near.ts';
export { fitCrash, endingsOf, type CrashModel, type Ending } from './crash.ts';
export { keyOf } from './key.ts';
export {
  triedBefore,
  summary,
  BLOCK_ABOVE,
  TESTED,
  type Question,
  type Answer,
  type Decision,
  type Step,
  type TriedOptions,
} from './tried.ts';
export { measured, pooled, type Measured, type Pooled } from './effects.ts';
export { conflicts, interactionsOf, changeKey, type Conflict } from './conflict.ts';
export { knobClusters, clusterText, type Cluster } from './cluster.ts';
export { lessonsOf, admitted, type Lesson, type Condition } from './lesson.ts';
export { tokensOf } from './budget.ts';
export { fullLine, shortLine, changeText } from './render.ts';
export { recall, rank, type Query, type Recalled, type RecallOptions, type Signal } from './recall.ts';
