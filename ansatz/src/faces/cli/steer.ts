/** `ansatz stop`, `pause` and `resume`: words for the lab that holds a study. */

import { chooseStudy, held, postRequest, readStudy } from '../../lab/studies.ts';
import { steer as wish } from '../../lab/steering.ts';
import { UserError } from '../../study/error.ts';

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
