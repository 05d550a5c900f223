/** `ansatz scale forecast`: what the small runs of a study say of a large one. */

import { chooseStudy, readStudy } from '../../lab/studies.ts';
import { scaleForecast, type ScaleForecast } from '../../study/scales.ts';
import { amount, numberOption } from './amounts.ts';
import { num, seconds, table, valueText } from './text.ts';

/** Options as they are typed. */
export interface ForecastOptions {
  study?: string;
  knob: string;
  target: string;
  level?: string;
  json?: boolean;
}

const LEVEL = '0.8';
const SHOWN = 12;
/** Below this chance a recipe need not be told. */
const UNLIKELY = 0.005;

/** Forecast and print. */
export function scaleForecastCommand(options: ForecastOptions): void {
  const target = amount('--target', options.target, '1024');
  const level = numberOption('--level', options.level ?? LEVEL, (v) => v > 0 && v < 1, 'between 0 and 1', LEVEL);
  const { state } = readStudy(chooseStudy(process.cwd(), options.study));
  const found = scaleForecast(state, options.knob, target, level);
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(found)}\n`
      : `${lines(found, state.config.objective.metric).join('\n')}\n`,
  );
}

function lines(found: ScaleForecast, metric: string): string[] {
  const { knob, target, contenders, ahead, survives, largest } = found;
  const settings = (one: ScaleForecast['contenders'][number]): string =>
    one.settings.map((change) => `${change.knob}=${valueText(change.to)}`).join(' ') || '(as the script is)';
  const name = found.loss === 'metric' ? metric : `1 − ${metric}`;
  const shown = contenders.slice(0, SHOWN);
  const best = contenders[0]!;
  const small = contenders.find(({ recipe }) => recipe === ahead)!;
  return [
    `${knob} ${num(target)}, from runs up to ${num(largest)}; intervals for ${num(100 * found.level)} of 100`,
    ...table(
      ['recipe', `${name} there`, 'interval', 'best with', `at ${num(largest)}`, 'runs', 'scales', 'settings'],
      shown.map((one) => [
        one.recipe,
        num(one.value),
        `[${num(one.low)}, ${num(one.high)}]`,
        one.best < UNLIKELY ? '-' : `${num(100 * one.best, 2)} %`,
        num(one.small),
        String(one.runs),
        String(one.scales),
        settings(one),
      ]),
      [1, 3, 4, 5, 6],
    ),
    ...(contenders.length > SHOWN ? [`and ${contenders.length - SHOWN} others`] : []),
    `${ahead} is ahead at ${knob} ${num(largest)}: ${num(100 * survives, 2)} % that it is the best at ${num(target)}${small === best ? '' : `; ${best.recipe} is expected to be`}`,
    ...found.crossings
      .slice(0, 3)
      .map(
        (one) =>
          `${one.recipe} is expected to pass it at ${knob} ${num(one.at, 2)}; ahead at ${num(target)} with ${num(100 * one.chance, 2)} %`,
      ),
    `10 × ${knob} beyond that buys ${num(100 * found.tenfold, 2)} % of ${name}`,
    ...(found.next.length === 0
      ? []
      : [
          'what would tell the two best apart, most per device-second first:',
          ...found.next
            .slice(0, 3)
            .map(
              (one) =>
                `  ${one.recipe} at ${knob} ${num(one.scale)}: ${seconds(one.seconds)}, variance of the difference − ${num(100 * one.shrinks, 2)} %`,
            ),
        ]),
    ...found.warnings.map((warning) => `warning: ${warning}`),
  ];
}
