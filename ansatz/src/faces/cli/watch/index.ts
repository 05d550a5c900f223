/** `ansatz watch`: a study on the whole terminal, by keys; plain lines where there is no terminal. */

import { runFolder } from '../../../io/executor/places.ts';
import { tailOf } from '../../../io/executor/tail.ts';
import { curveKey } from '../../../lab/hearing.ts';
import { chooseStudy, postRequest } from '../../../lab/studies.ts';
import { steer, type Wish } from '../../../lab/steering.ts';
import { UserError } from '../../../study/error.ts';
import { curveLoss } from '../../../study/standin.ts';
import type { State } from '../../../study/state.ts';
import { Follower } from '../../server/index.ts';
import { eventLine } from '../lines.ts';
import { paintFor } from '../text.ts';
import { draw, type Surroundings } from './draw.ts';
import { FIRST, keyName, pressed, type Screen } from './screen.ts';

const FRAME_MS = 250;
/** Points of a curve beyond these no terminal can show. */
const POINTS = 2000;
const LOG_LINES = 500;

/** Watch until one leaves, or until the output is closed; without a terminal until the lab has gone. */
export async function watch(options: { readonly study?: string; readonly plain?: boolean }): Promise<void> {
  const folder = chooseStudy(process.cwd(), options.study);
  const follower = new Follower(folder);
  const { stdout, stdin } = process;
  try {
    if (!stdout.isTTY || !stdin.isTTY || options.plain === true) await lines(follower);
    else await fullScreen(follower);
  } finally {
    follower.close();
  }
}

/** One line per event worth a word, from now on. */
async function lines(follower: Follower): Promise<void> {
  let seq = follower.state().seq;
  const output = { closed: false };
  const close = (): void => void (output.closed = true);
  process.stdout.on('error', close);
  process.once('SIGINT', close);
  process.stdout.write(`study "${follower.folder.name}": ${follower.state().trials.length} trials so far\n`);
  while (!output.closed) {
    const state = follower.state();
    if (state.seq > seq) {
      for (const event of [...follower.recent(state.seq + 1, state.seq - seq)].reverse()) {
        const text = eventLine(event, state);
        if (text !== undefined) process.stdout.write(`${text}\n`);
      }
      seq = state.seq;
    }
    if (!follower.working() && state.running.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
  }
  const { ended } = follower.state();
  if (!output.closed)
    process.stdout.write(
      `${ended === undefined ? 'no lab is at work; ansatz run goes on' : `it has ended: ${ended.text}`}\n`,
    );
}

async function fullScreen(follower: Follower): Promise<void> {
  const { stdout, stdin } = process;
  const paint = paintFor(stdout);
  let screen: Screen = FIRST;
  let said = '';
  let saidAt = 0;
  let picture = draw(follower.state(), screen, around(follower, screen, paint, ''));

  const frame = (): void => {
    if (Date.now() - saidAt > 6000) said = '';
    picture = draw(follower.state(), screen, around(follower, screen, paint, said));
    // Every line is cleared to its end and none is left from before: nothing flickers, nothing stays.
    stdout.write(`\u001b[H${picture.lines.map((line) => `${line}\u001b[K`).join('\r\n')}\u001b[J`);
  };
  const say = (text: string): void => {
    said = text;
    saidAt = Date.now();
  };
  const wished = (wish: Wish, sure: boolean): void => {
    try {
      const { event, said: told, ask } = steer(follower.state(), wish);
      const working = follower.working();
      if (!working && wish.do !== 'repeat') throw new UserError('no-lab', 'no lab is at work');
      if (ask !== undefined && !sure) {
        screen = { ...screen, asked: { wish, question: ask } };
        return;
      }
      postRequest(follower.folder, event);
      say(working ? told : `${told}, when ansatz run goes on`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      say(paint.red(error.message));
    }
  };

  await new Promise<void>((leave) => {
    const onKey = (data: Buffer): void => {
      const state = follower.state();
      const runs = [...state.running, ...state.paused].map((run) => ({ run, trial: state.runs[run - 1]!.trial }));
      const outcome = pressed(screen, keyName(data.toString()), {
        trials: picture.trials,
        page: picture.page,
        phase: state.phase,
        runs,
      });
      screen = outcome.screen;
      if (outcome.quit === true) {
        clearInterval(timer);
        stdin.off('data', onKey);
        stdout.off('resize', frame);
        leave();
        return;
      }
      if (outcome.wish !== undefined) wished(outcome.wish, outcome.sure === true);
      frame();
    };
    stdin.setRawMode(true);
    stdin.resume();
    stdin.on('data', onKey);
    stdout.on('resize', frame);
    stdout.write('\u001b[?1049h\u001b[?25l');
    const timer = setInterval(frame, FRAME_MS);
    frame();
  }).finally(() => {
    stdout.write('\u001b[?25h\u001b[?1049l');
    stdin.setRawMode(false);
    stdin.pause();
  });
}

function around(follower: Follower, screen: Screen, paint: Surroundings['paint'], said: string): Surroundings {
  const state = follower.state();
  const run = state.trials[screen.trial - 1]?.runs.at(-1);
  const wanted = screen.pane === 'trial' || screen.pane === 'log' ? run : undefined;
  return {
    paint,
    width: Math.max(20, process.stdout.columns ?? 80),
    height: Math.max(8, process.stdout.rows ?? 24),
    working: follower.working(),
    log:
      wanted === undefined || screen.pane !== 'log' ? [] : tailOf(runFolder(follower.folder.runs, wanted), LOG_LINES),
    curve: wanted === undefined ? { steps: [], values: [] } : curveOf(follower, state, wanted),
    said,
  };
}

function curveOf(follower: Follower, state: State, id: number): Surroundings['curve'] {
  const points = follower.points();
  const key =
    points === undefined
      ? undefined
      : curveKey(
          state.config,
          points.list(id).map((series) => series.key),
        );
  if (key !== undefined) {
    const { steps, values } = points!.read(id, key);
    const every = Math.max(1, Math.ceil(steps.length / POINTS));
    const kept = (all: Float64Array): number[] => [...all].filter((_, i) => i % every === 0 || i === all.length - 1);
    return { steps: kept(steps), values: kept(values) };
  }
  const run = state.runs[id - 1]!;
  const sign = curveLoss(state.config, 1);
  return { steps: run.steps, values: run.losses.map((loss) => sign * loss) };
}
