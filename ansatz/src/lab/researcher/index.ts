export type { Post, Researcher } from './researcher.ts';
export { describe } from './describe.ts';
export { agentResearcher, type AgentParts } from './agent.ts';
export { mixedResearcher, modelResearcher, type ModelParts, severalResearchers } from './model.ts';
export { retesting } from './retest.ts';
export { openGlance, type Glance } from './glance.ts';
export { earlierResults, inRange, numericResearcher, spaceOf, type FromCurves } from './numeric.ts';
