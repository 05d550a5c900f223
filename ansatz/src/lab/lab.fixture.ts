/** A whole study in virtual time, for tests that need one to look at. */

import { simulation, type SimulatedScript } from '../io/executor/simulated.ts';
import { memoryJournal } from '../io/store/memory.ts';
import { memoryPoints } from '../io/store/points.ts';
import { rng } from '../methods/math/rng.ts';
import { stoppingOf } from '../methods/pruning/index.ts';
import { samplers } from '../methods/sampling/index.ts';
import { defaults } from '../methods/space/index.ts';
import type { StudyConfig } from '../study/config.ts';
import type { Event, EventBody } from '../study/events/index.ts';
import type { State } from '../study/state.ts';
import { openLab } from './lab.ts';
import { type Glance, numericResearcher, spaceOf } from './researcher/index.ts';

/** Ten rungs that fall to a loss which is least at lr = 0.1; noise sd 0.02 by seed. */
export const gentle: SimulatedScript = (point, seed) => {
  const lr = Math.log10(Number(point['lr'])) + 1;
  const final = 1 + 0.3 * lr * lr + 0.02 * rng(seed, Math.round(lr * 1e6)).normal();
  return { seconds: 60, curve: Array.from({ length: 10 }, (_, i) => final + 2 / (i + 1)) };
};

/** Run the study to its end, with random points unless another sampler is named; `say` may post something after each event. */
export async function simulated(
  config: StudyConfig,
  {
    script = gentle,
    pruner = 'median',
    sampler = 'random',
    before = [],
    glance,
    say = () => [],
  }: {
    readonly script?: SimulatedScript;
    readonly pruner?: StudyConfig['pruner'];
    readonly sampler?: StudyConfig['sampler'];
    /** What the researcher is told of what was tried. */
    readonly glance?: Glance;
    /** What the journal has besides the beginning of the study. */
    readonly before?: readonly (Event | EventBody)[];
    readonly say?: (event: Event, state: State) => readonly EventBody[];
  } = {},
): Promise<{ readonly state: State; readonly events: readonly Event[] }> {
  const created: EventBody = { type: 'study.created', config, baseline: defaults(spaceOf(config)) };
  const journal = memoryJournal([created, ...before].map((event) => ({ at: 0, ...event })));
  const { executor, world } = simulation(script, config.objective.metric, journal.events.at(-1)!.at);
  const lab = openLab({
    journal,
    series: memoryPoints(),
    executor,
    researcher: numericResearcher(samplers[sampler], config, undefined, glance),
    ...stoppingOf(pruner),
    world,
    identity: { host: 'test', pid: 1, version: '0' },
    watch: (event, state) => say(event, state).forEach((body) => lab.post(body)),
  });
  return { state: await lab.done, events: journal.events };
}
