export { openModel, keyVariable, proposalSchema, KEYS } from './model.ts';
export { openEmbedding, type Embed, type Embedded } from './embed.ts';
export { openAgent, type AgentCommand, type Errand, type Errands } from './agent.ts';
export type { Answer, Ask, Proposal, Question, Tokens } from './model.ts';
