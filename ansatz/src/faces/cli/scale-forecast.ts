/** `ansatz scale forecast`: what the small runs of a study say of a large one. */

import { writeFileSync } from 'node:fs';
import { chooseStudy, readStudy } from '../../lab/studies.ts';
import { UserError } from '../../study/error.ts';
import { type FidelityView, fidelityOf, scaleForecast, type ScaleForecast } from '../../study/scales.ts';
import type { State } from '../../study/state.ts';
import { forecastLines, lossText, nextLines, raceOf, recipeText, shareText } from '../report/fidelity.ts';
import { raceFile } from '../report/scaling.ts';
import { amount, numberOption } from './amounts.ts';
import { num, table } from './text.ts';

/** Options as they are typed. */
export interface ForecastOptions {
  study?: string;
  knob?: string;
  target?: string;
  level?: string;
  svg?: string;
  json?: boolean;
}

const LEVEL = '0.8';
const SHOWN = 12;
/** Below this chance a recipe need not be told. */
const UNLIKELY = 0.005;

/** Forecast and print. */
export function scaleForecastCommand(options: ForecastOptions): void {
  const target = options.target === undefined ? undefined : amount('--target', options.target, '1024');
  const level = numberOption('--level', options.level ?? LEVEL, (v) => v > 0 && v < 1, 'between 0 and 1', LEVEL);
  const { state } = readStudy(chooseStudy(process.cwd(), options.study));
  const { metric } = state.config.objective;
  const view = viewOf(state, options.knob, target, level);
  const found = 'levels' in view ? view.forecast : view;
  if (options.svg !== undefined && found !== undefined)
    writeFileSync(options.svg, raceFile(raceOf(found, metric, state.incumbent)));
  if (options.json === true) process.stdout.write(`${JSON.stringify(view)}\n`);
  else {
    const head = 'levels' in view ? [shareText(view)] : [];
    const body =
      found === undefined
        ? [`no forecast yet: ${(view as FidelityView).waits!}`]
        : lines(found, metric, state.incumbent);
    process.stdout.write(`${[...head, ...body].join('\n')}\n`);
  }
}

/** What is asked about: the fidelity of the study, or any of its knobs. */
function viewOf(
  state: State,
  knob: string | undefined,
  target: number | undefined,
  level: number,
): FidelityView | ScaleForecast {
  const { fidelity } = state.config;
  if (fidelity !== undefined && (knob === undefined || knob === fidelity.knob))
    return fidelityOf(state, level, target)!;
  if (knob !== undefined && target !== undefined) return scaleForecast(state, knob, target, level);
  throw new UserError('bad-option', `${knob === undefined ? '--knob' : '--target'} is missing`, {
    where: `study "${state.config.name}"`,
    why: 'the study has no fidelity, which would say what the scale is and where the answer is wanted',
    fix: 'ansatz scale forecast --knob width --target 4096   # or a fidelity in ansatz.yaml: docs/config.md',
  });
}

function lines(found: ScaleForecast, metric: string, incumbent: number | undefined): string[] {
  const { knob, target, contenders, largest } = found;
  const name = lossText(found.loss, metric);
  const shown = contenders.slice(0, SHOWN);
  return [
    `${knob} ${num(target)}, from runs up to ${num(largest)}; intervals for ${num(100 * found.level)} of 100${shown.some(({ trials }) => trials[0] === incumbent) ? '; * was kept' : ''}`,
    ...table(
      ['recipe', `${name} there`, 'interval', 'best with', `at ${num(largest)}`, 'runs', 'scales', 'settings'],
      shown.map((one) => [
        one.trials[0] === incumbent ? `${one.recipe} *` : one.recipe,
        num(one.value),
        `[${num(one.low)}, ${num(one.high)}]`,
        one.best < UNLIKELY ? '-' : `${num(100 * one.best, 2)} %`,
        num(one.small),
        String(one.runs),
        String(one.scales),
        recipeText(one),
      ]),
      [1, 3, 4, 5, 6],
    ),
    ...(contenders.length > SHOWN ? [`and ${contenders.length - SHOWN} others`] : []),
    ...forecastLines(found, metric),
    ...(found.next.length === 0
      ? []
      : ['what would tell most per device-second:', ...nextLines(found).map((one) => `  ${one}`)]),
    ...found.warnings.map((warning) => `warning: ${warning}`),
  ];
}
