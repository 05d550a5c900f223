/** `ansatz best`: the best trial that survived judging, in the form it is needed. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { joinWords } from '../../io/config/index.ts';
import { applyPatches, deliver } from '../../io/knobs/deliver.ts';
import { chooseStudy, readStudy, type StudyFolder } from '../../lab/studies.ts';
import { UserError } from '../../study/error.ts';
import { leaderOf } from '../../study/belief.ts';
import type { State } from '../../study/state.ts';
import { type Trial, trialOf } from '../../study/state.ts';
import { believedOf, changes, gainOf, resultOf } from '../../study/views.ts';
import { believedText } from '../report/believed.ts';
import { patchOf } from './code.ts';
import { changeText, num, paintFor, resultText, valueText } from './text.ts';

/** Print the incumbent, or the trial believed to be better still. */
export async function best(options: {
  study?: string;
  as?: string;
  json?: boolean;
  believed?: boolean;
}): Promise<void> {
  const folder = chooseStudy(process.cwd(), options.study);
  const { state } = readStudy(folder);
  if (state.incumbent === undefined) {
    throw new UserError('no-best', `study "${state.config.name}" has no result yet`, {
      why: 'the baseline must be measured first',
      fix: 'ansatz run',
    });
  }
  const trial = options.believed === true ? leaderOf(state) : trialOf(state, state.incumbent);
  process.stdout.write(`${await form(state, folder, trial, options.json === true ? 'json' : options.as)}\n`);
}

async function form(state: State, folder: StudyFolder, trial: Trial, as: string | undefined): Promise<string> {
  const baseline = trialOf(state, 1);
  const result = resultOf(state, trial);
  const proven = trial.id === state.incumbent;
  const believed = believedOf(state);
  const { config } = state;
  switch (as) {
    case 'json':
      return JSON.stringify({
        study: config.name,
        trial: trial.id,
        point: trial.point,
        ...(trial.code === undefined ? {} : { code: trial.code }),
        result,
        ...(proven ? { gain: gainOf(state) } : {}),
        proven,
        ...(believed === undefined ? {} : { believed }),
      });
    case 'yaml':
      return [
        `# ${config.name}: trial ${trial.id}, ${config.objective.metric} ${resultText(result)}${proven ? '' : ', not proven'}`,
        ...Object.entries(trial.point).map(
          ([knob, value]) =>
            `${yamlKey(knob)}: ${typeof value === 'string' ? JSON.stringify(value) : valueText(value)}`,
        ),
      ].join('\n');
    case 'env': {
      const { env } = deliver(config, trial.point, undefined);
      // Knobs that are not environment variables of the script still have names; exporting those is what is asked for.
      const all =
        Object.keys(env).length > 0
          ? env
          : Object.fromEntries(
              Object.entries(trial.point).map(([knob, value]) => [
                knob.toUpperCase().replaceAll(/\W/g, '_'),
                valueText(value),
              ]),
            );
      const others = config.knobs.filter((knob) => knob.via.by !== 'env' && trial.point[knob.name] !== undefined);
      const names = others.map((knob) => knob.name).join(', ');
      const note = Object.keys(env).length > 0 ? 'not set by these' : 'the script does not read these variables';
      const other = others.length === 0 ? [] : [`# ${note}: it takes ${names} elsewhere, see ansatz best --as argv`];
      return [...other, ...Object.entries(all).map(([name, value]) => `export ${name}=${joinWords([value])}`)].join(
        '\n',
      );
    }
    case 'argv': {
      const { argv, env, patches } = deliver(config, trial.point, undefined);
      const words = [...Object.entries(env).map(([name, value]) => `${name}=${joinWords([value])}`), joinWords(argv)];
      const note =
        patches.length > 0 || trial.code !== undefined
          ? `# ${[...new Set([...patches.map((patch) => patch.file), ...(trial.code?.files ?? [])])].join(', ')} change too: ansatz best --as patch, or ansatz apply ${trial.id}\n`
          : '';
      return note + words.join(' ');
    }
    case 'patch':
      return trial.code === undefined
        ? patchText(state, trial)
        : (await patchOf(state, folder, trial)).replace(/\n$/, '');
    default: {
      const paint = paintFor(process.stdout);
      const gain = gainOf(state);
      const lines = [
        `${paint.bold(`trial ${trial.id}`)}: ${config.objective.metric} ${resultText(result)} from ${result?.runs ?? 0} runs`,
        trial.id === 1
          ? `  the script as it is: nothing better was ${believed === undefined ? 'confirmed' : 'proven'}`
          : `  ${changeText({ changes: changes(baseline.point, trial.point), files: trial.code?.files })}`,
      ];
      if (gain !== undefined && proven)
        lines.push(
          `  better than the baseline by ${num(gain.effect, 3)} ± ${num(gain.margin, 2)} (${num(gain.percent, 3)} %)`,
        );
      if (believed !== undefined) lines.push(`  ${paint.yellow(believedText(believed))}`);
      if (believed !== undefined && proven) lines.push(paint.dim('  ansatz best --believed   that one instead'));
      lines.push(paint.dim('  ansatz best --as argv|env|patch|yaml|json'));
      return lines.join('\n');
    }
  }
}

function yamlKey(name: string): string {
  return /^[A-Za-z_][\w.-]*$/.test(name) ? name : JSON.stringify(name);
}

/** A unified diff of the files a trial's values are patched into. */
async function patchText(state: State, trial: Trial): Promise<string> {
  const { config } = state;
  const { patches } = deliver(config, trial.point, undefined);
  if (trial.id === 1) {
    throw new UserError('no-patch', 'nothing changes: the best trial is the script as it is', {
      why: 'nothing better was confirmed',
      fix: 'ansatz trials --sort value   # what looked better, and how often it was run',
    });
  }
  if (patches.length === 0) {
    throw new UserError('no-patch', 'no file changes: every knob is given on the command line or in the environment', {
      fix: 'ansatz best --as argv',
    });
  }
  const files = patches.map((patch) => patch.file);
  const folder = mkdtempSync(join(tmpdir(), 'ansatz-'));
  try {
    for (const file of [...files.map((name) => join('a', name)), ...files.map((name) => join('b', name))]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      copyFileSync(join(config.folder, file.slice(2)), join(folder, file));
    }
    await applyPatches(join(folder, 'b'), patches);
    const run = (args: string[]): string => {
      try {
        return execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      } catch (error) {
        // git diff --no-index exits 1 when there is a difference, which there should be.
        const { stdout, status } = error as { stdout?: string; status?: number };
        if (status === 1 && stdout !== undefined) return stdout;
        throw error;
      }
    };
    return files
      .map((file) => run(['diff', '--no-index', '--no-color', '--no-prefix', join('a', file), join('b', file)]))
      .join('')
      .replace(/\n$/, '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
