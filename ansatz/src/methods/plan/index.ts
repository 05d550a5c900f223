export {
  DEVICES,
  deviceNamed,
  nearestDevice,
  parseDevices,
  PRICES_OF,
  type Device,
  type Efficiency,
  type FatTree,
  type Network,
  type Torus,
} from './hardware.ts';
export {
  allToAll,
  ringGather,
  ringReduce,
  switchReduce,
  torusAllToAll,
  torusGather,
  torusReduce,
  treeReduce,
  twoLevelGather,
  twoLevelReduce,
  type Axes,
  type Link,
} from './collectives.ts';
export {
  flopsPerToken,
  knownShape,
  parametersOf,
  usualShape,
  type Parameters,
  type Shape,
  type ShapeWish,
} from './shape.ts';
export { ADAM, usualJob, type Job, type StateBytes } from './job.ts';
export { layoutText, type Layout, type Recompute, UNDIVIDED, type Zero } from './layout.ts';
export { inFlight, layerActivations, memoryOf, stateBytes, USABLE, type Memory } from './memory.ts';
export { stepTime, type StepTime } from './time.ts';
export {
  calibrate,
  fitEfficiency,
  relativeErrors,
  summary,
  type Calibration,
  type Errors,
  type Measured,
} from './calibrate.ts';
export { divisorsOf, search, type Dropped, type Found, type Plan, type Wish } from './search.ts';
export {
  cheapestFor,
  CHINCHILLA_LAW,
  criticalBatch,
  lossInterval,
  lossOf,
  ONLY_LOSS,
  optimumOf,
  sizeInterval,
  tokensFor,
  type Aim,
  type Law,
} from './law.ts';
export {
  checkpointing,
  checkpointInterval,
  goodputOf,
  USUAL_RELIABILITY,
  type Checkpointing,
  type Reliability,
} from './failures.ts';
export { planRun, USUAL_DAYS, usualQuestion, type BigRun, type Question, type Refusal, type Spend } from './budget.ts';
export { compareNetworks, networksFor, type Compared } from './compare.ts';
export { explain, type Step } from './explain.ts';
