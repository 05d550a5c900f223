/** The report in a screenful of Markdown, for a pull request. */

import { auditLead, auditRows } from './audit.ts';
import { fidelityMarkdown } from './fidelity.ts';
import { fence, line, markdown, whole } from './escape.ts';
import type { Report } from './data.ts';
import { changed, count, date, num, plusMinus, seconds, signed, typed } from './numbers.ts';
import { reasonText, storyOf } from './story.ts';

const MOST_TRIALS = 10;
const MOST_FAILURES = 5;

/** The same content as the page, short. */
export function markdownOf(report: Report): string {
  const { status, merge, changes, reproduce } = report;
  const story = storyOf(report);
  const blocks = [
    `## ${markdown(status.study)}: ${markdown(story.headline)}`,
    markdown(story.under),
    [
      `- **Spent** ${markdown(story.spent)} ${markdown(story.phase)}.`,
      `- **Gained** ${markdown(story.gained)}`,
      `- **Mattered** ${markdown(story.mattered)}`,
      `- **Outcomes** ${markdown(story.failed)}`,
      `- **Noise** ${markdown(story.noise)}`,
      ...story.cautions.map((caution) => `- **Caution** ${markdown(caution)}`),
    ].join('\n'),
  ];
  const scale = fidelityMarkdown(report);
  if (scale.length > 0) {
    const { knob, target } = report.fidelity!;
    blocks.push(`### At ${markdown(knob)} ${num(target)}`, scale.map((one) => `- ${markdown(one)}`).join('\n'));
  }
  if (merge !== undefined) {
    blocks.push(
      `### To merge (trial ${merge.trial})`,
      fence(whole([merge.argv, ...merge.edits].join('\n')), 'sh'),
      table(
        ['knob', 'baseline', 'best'],
        changes.map(({ knob, from, to }) => [knob, typed(from), typed(to)]),
      ),
    );
  }
  const kept = report.trials.filter((trial) => trial.state === 'keep' && trial.trial !== 1);
  const near = report.nearMisses.filter((miss) => !kept.some((trial) => trial.trial === miss.trial));
  const told = [...kept.toReversed(), ...near].slice(0, MOST_TRIALS);
  if (told.length > 0) {
    blocks.push(
      '### Kept, and nearly so',
      table(
        ['trial', 'verdict', status.objective.metric, 'effect', 'cost', 'change'],
        told.map((row) => [
          String(row.trial),
          row.state,
          row.value === undefined ? '' : plusMinus(row.value, row.se),
          row.effect === undefined ? '' : signed(row.effect, row.margin),
          seconds(row.deviceSeconds),
          changed(row.changes, 6),
        ]),
      ),
      `${status.objective.metric}: mean ± standard error; effect: against the best of its time, ± 95 %, positive is better.`,
    );
  }
  if (report.failures.length > 0) {
    const items = report.failures
      .slice(0, MOST_FAILURES)
      .map(
        ({ runs, reason, text, example }) =>
          `- ${markdown(`${count(runs, 'run')} ${reasonText(reason)}: ${text} (first: trial ${example.trial})`)}`,
      );
    const left = report.failures.length - items.length;
    blocks.push('### Failures', [...items, ...(left > 0 ? [`- and ${count(left, 'other way')}`] : [])].join('\n'));
  }
  const audit = auditRows(report);
  if (audit.length > 0) blocks.push('### Kill audit', markdown(auditLead(report)), table(['what', 'how much'], audit));
  if (status.dead.length > 0) blocks.push(`Knobs that do nothing: ${status.dead.map(markdown).join(', ')}.`);
  const seeds =
    reproduce.seeds.length > 8 ? `${reproduce.seeds[0]} to ${reproduce.seeds.at(-1)}` : reproduce.seeds.join(', ');
  blocks.push(
    `<details><summary>Reproduce</summary>\n\n${fence(whole([...Object.entries(reproduce.environment).map(([name, value]) => `# ${name} ${value}`), reproduce.best?.argv ?? reproduce.baseline.argv].join('\n')), 'sh')}\n\n${fence(whole(reproduce.yaml), 'yaml')}\n\n</details>`,
    `<sub>${markdown(`ansatz ${report.version}, ${date(report.createdAt)} to ${date(status.now)}, seeds ${seeds || 'none'}, ${num(status.trials)} trials. Intervals are 95 %; p is one-sided and not corrected for the number of changes tried.`)}</sub>`,
  );
  return `${blocks.join('\n\n')}\n`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.map((cell) => markdown(line(cell))).join(' | ')} |`;
  return [row(header), `|${header.map(() => ' --- ').join('|')}|`, ...rows.map(row)].join('\n');
}
