export type { Post, Researcher } from './researcher.ts';
export { describe } from './describe.ts';
export { agentResearcher, type AgentParts } from './agent.ts';
export { mixedResearcher, modelResearcher, type ModelParts, type NearParts, severalResearchers } from './model.ts';
export { openNearness, type Near, type Nearness } from './nearness.ts';
export { retesting } from './retest.ts';
export { openGlance, type Glance } from './glance.ts';
export { earlierResults, inRange, numericResearcher, spaceOf, type FromCurves } from './numeric.ts';
