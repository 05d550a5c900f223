export type { BetRecord, Situation, Allocator } from './bet.ts';
export { allocators, type NamedAllocator } from './allocators.ts';
export { review, type Chance, type ReviewOptions } from './review.ts';
export { fitTransfer, betterAtScale, promote, type Pair, type Transfer, type Promotion } from './transfer.ts';
export { RESERVE, finalistsOf, nextRepeat, confirmed, pick, type Candidate, type Finalist } from './confirm.ts';
