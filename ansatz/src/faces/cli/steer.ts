/** `ansatz stop`, `pause` and `resume`: words for the lab that holds a study. */

import { chooseStudy, held, postRequest, readStudy } from '../../lab/studies.ts';
import { steer as wish, type Wish } from '../../lab/steering.ts';
import { UserError } from '../../study/error.ts';
import type { State } from '../../study/state.ts';
import { findTrial } from './find.ts';

/** Post the request, and say what will come of it. */
export function steer(what: 'stop' | 'pause' | 'resume', options: { study?: string; now?: boolean }): void {
  const folder = chooseStudy(process.cwd(), options.study);
  const { state, lease } = readStudy(folder);
  if (!held(lease)) {
    const left = state.running.length + state.paused.length;
    throw new UserError('no-lab', `no lab works on study "${folder.name}"`, {
      why:
        state.ended === undefined
          ? left > 0
            ? `${left} runs were left behind; each ends at its own limit, a paused one after 15 minutes`
            : 'it was stopped before'
          : `it has ended: ${state.ended.text}`,
      fix: state.ended === undefined ? 'ansatz run   # resumes it' : 'ansatz run --new',
    });
  }
  const { event, said } = wish(state, { do: what === 'stop' && options.now === true ? 'kill' : what });
  postRequest(folder, event);
  const [, pid] = lease!.owner.split(' ');
  process.stdout.write(`study "${folder.name}" (process ${pid}): ${said}\n`);
}

/** Ask for further runs of a trial. */
export function repeat(given: string, options: { study?: string; more?: string }): void {
  const more = Number(options.more ?? 1);
  ask(options.study, (state) => ({ do: 'repeat', trial: findTrial(state, given).id, more }));
}

/** Ask for the end of one run. */
export function kill(given: string, options: { study?: string }): void {
  ask(options.study, () => ({ do: 'kill-run', run: Number(given) }), 'now');
}

/** Write something on a trial. */
export function note(
  given: string,
  words: readonly string[],
  options: { study?: string; tag?: readonly string[]; by?: string },
): void {
  const { tag, by } = options;
  ask(options.study, (state) => ({
    do: 'note',
    trial: findTrial(state, given).id,
    text: words.join(' '),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(by === undefined ? {} : { by }),
  }));
}

/** Post a wish and say what will come of it; `now` = it is nothing to a lab that comes later. */
function ask(study: string | undefined, wishOf: (state: State) => Wish, when: 'now' | 'later' = 'later'): void {
  const folder = chooseStudy(process.cwd(), study);
  const { state, lease } = readStudy(folder);
  const working = held(lease);
  if (when === 'now' && !working) {
    throw new UserError('no-lab', `no lab works on study "${folder.name}"`, { fix: 'ansatz run   # resumes it' });
  }
  const { event, said } = wish(state, wishOf(state));
  postRequest(folder, event);
  process.stdout.write(`study "${folder.name}": ${said}${working ? '' : '; when ansatz run goes on with it'}\n`);
}
