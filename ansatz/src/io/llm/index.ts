export { openModel, keyVariable, proposalSchema, KEYS } from './model.ts';
export type { Answer, Ask, Proposal, Question, Tokens } from './model.ts';
