/** The public names, in reading order. The pure rooms have entries of their own: `ansatz/sampling` and so on. */

export type { StudyConfig, Knob, Delivery, Budget, Objective, Slot } from './study/config.ts';
export type { Event, EventBody, Verdict, Amount } from './study/events/index.ts';
export { reduce } from './study/reduce.ts';
export { type State, type Trial, type Run } from './study/state.ts';
export { statusOf, trialRows, type Status, type TrialRow } from './study/views.ts';
export { UserError } from './study/error.ts';
export { readConfig, parseConfig } from './io/config/index.ts';
export type { Executor, RunSpec, Exit, Message } from './io/executor/executor.ts';
export { localExecutor } from './io/executor/local.ts';
export { simulation, type SimulatedScript } from './io/executor/simulated.ts';
export { realWorld, type World } from './io/executor/world.ts';
export type { Journal } from './io/store/journal.ts';
export { memoryJournal } from './io/store/memory.ts';
export { decide } from './lab/decide.ts';
export { openLab, type Lab, type LabParts } from './lab/lab.ts';
export { numericResearcher, type Researcher } from './lab/researcher/index.ts';
