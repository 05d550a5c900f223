/** A report as one HTML file that loads nothing: figures and tables are in it, and it reads well without its script. */

import type { Report, ReportTrial } from './data.ts';
import { budgetFigure, shareFigure, shareNames } from './figures/budget.ts';
import { burnFigure } from './figures/burn.ts';
import { curvesFigure } from './figures/curves.ts';
import { evidenceFigure } from './figures/evidence.ts';
import { progressFigure } from './figures/progress.ts';
import { bothWidths } from './figures/size.ts';
import { MOST_SLICES, sliceFigures } from './figures/slices.ts';
import { MOST_SLOTS, slotNames, slotsFigure } from './figures/slots.ts';
import { thinning } from './figures/verdicts.ts';
import { auditLead, auditRows } from './audit.ts';
import { bestText, interactionText, intervalText, rangeTexts, shareText, trendText } from './knobs.ts';
import { brief, changed, count, date, grouped, num, percent, plusMinus, seconds, signed, typed } from './numbers.ts';
import { replayOf } from './replay.ts';
import { betsSection, codeSection, lessonsSection } from './ledger.ts';
import { code, figure, page, section, text } from './parts.ts';
import { fidelitySection } from './scales.ts';
import { reasonText, storyOf } from './story.ts';

/** Rows of a table beyond these are left out, and the page says so. */
const MOST_ROWS = 400;
const MOST_FAILURES = 12;
const MOST_NEAR = 8;
const MOST_TOGETHER = 5;
const MOST_CHANGES = 8;
/** With more knobs than this the settings of a trial are one column of differences. */
const MOST_COLUMNS = 8;

/** The whole page. */
export function htmlOf(report: Report): string {
  const sections = [
    firstScreen(report),
    progressSection(report),
    curvesSection(report),
    fidelitySection(report),
    knobsSection(report),
    nearSection(report),
    codeSection(report),
    lessonsSection(report),
    budgetSection(report),
    betsSection(report),
    auditSection(report),
    trialsSection(report),
    failuresSection(report),
    warningsSection(report),
    reproduceSection(report),
    methodSection(report),
  ];
  const story = storyOf(report);
  return page(
    `${report.status.study}: ${story.headline}`,
    sections,
    `Made by ansatz ${report.version}. All numbers come from the runs' own output; this file loads nothing and sends nothing.`,
  );
}

function firstScreen(report: Report): string {
  const { status } = report;
  const story = storyOf(report);
  const rows = [
    ['Spent', story.spent],
    ['Gained', story.gained],
    ['Mattered', story.mattered],
    ['Outcomes', story.failed],
    ['Noise', story.noise],
  ] as const;
  const cautions = story.cautions.map((caution) => `<p class="caution">${text(caution)}</p>`).join('');
  return `<header>
<p class="where">${text(status.study)} · ${text(status.objective.direction)} ${text(status.objective.metric)}<span class="chip">${text(story.phase)}</span></p>
<h1>${text(story.headline)}</h1>
<p class="under">${text(story.under)}</p>
${bothWidths((width) => evidenceFigure(report, width))}
<dl class="story">${rows.map(([name, sentence]) => `<dt>${name}</dt><dd>${text(sentence)}</dd>`).join('')}</dl>
${cautions}
</header>
${mergeSection(report)}`;
}

function mergeSection(report: Report): string {
  const { merge, changes, knobs } = report;
  if (merge === undefined) {
    return section('To merge', 'Nothing: no change was confirmed to be better than the settings as they are.');
  }
  const rows = changes.map(
    ({ knob, from, to }) =>
      `<tr><td>${text(knob)}</td><td class="n">${text(typed(from))}</td><td class="n"><b>${text(typed(to))}</b></td></tr>`,
  );
  const same = knobs.length - changes.length;
  const rest =
    same > 0
      ? `<p class="lead">${text(`The other ${count(same, 'knob')} stay${same === 1 ? 's' : ''} as ${same === 1 ? 'it is' : 'they are'}.`)}</p>`
      : '';
  const unsure = storyOf(report).standing === 'unclear' ? ' Not established: see above before taking it over.' : '';
  const edits = merge.edits.length === 0 ? '' : code(merge.edits.join('\n'), 'wrap');
  return section(
    'To merge',
    `The settings of trial ${merge.trial}, the best that survived judging.${unsure}`,
    code(merge.argv, 'wrap'),
    edits,
    `<div class="scroll"><table class="small"><thead><tr><th>knob</th><th class="n">baseline</th><th class="n">best</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`,
    rest,
  );
}

/** Names in the colours of a figure. */
function names(list: readonly { readonly look: string; readonly text: string }[]): string {
  const spans = list.map((one) => `<span class="v ${one.look}">${text(one.text)}</span>`);
  return `<div class="key after">${spans.join('')}</div>`;
}

/** Only the verdicts that occur. */
function key(report: Report): string {
  const words: Readonly<Record<string, string>> = {
    keep: 'kept: better beyond noise when judged',
    discard: 'discarded',
    inconclusive: 'inconclusive: within noise',
    crash: 'crashed: no result',
    running: 'under way',
    paused: 'paused',
    queued: 'queued',
  };
  const present = Object.keys(words).filter((state) => report.trials.some((trial) => trial.state === state));
  return `<div class="key">${present.map((state) => `<span class="v ${state}">${words[state]!}</span>`).join('')}</div>`;
}

function progressSection(report: Report): string {
  const drawing = bothWidths((width) => progressFigure(report, width));
  if (drawing === '') return '';
  const every = thinning(report.progress.dots.length);
  const thin = every > 1 ? ` Of the trials that were not kept about one in ${every} is drawn.` : '';
  return section(
    'Best so far, over compute',
    'Each dot is a trial, placed where its last run ended. The line moves only when a trial was kept on fresh runs; lucky dots beyond it do not count.',
    key(report),
    replayTool(report),
    figure(
      drawing,
      `Band: 95 % interval of the best trial's mean under the noise floor, cut at the frame. At the lower edge: trials without a result.${thin}`,
    ),
  );
}

/** A slider over the study's history, with what was known at each moment; there only where scripts run. */
function replayTool(report: Report): string {
  const { dots, spent } = report.progress;
  if (dots.length < 3) return '';
  const moments = replayOf(report);
  const data = JSON.stringify({ spent, moments }).replaceAll('<', '\\u003c');
  return `<div class="tools" id="replay" hidden><button type="button" id="play">Replay</button><input type="range" id="moment" min="0" max="1000" value="1000" aria-label="Moment of the study"><span id="then"></span></div><script type="application/json" id="moments">${data}</script>`;
}

function curvesSection(report: Report): string {
  const drawing = bothWidths((width) => curvesFigure(report, width));
  if (drawing === '') return '';
  const others = report.curves.filter((curve) => curve.role === 'other').length;
  const faint =
    others > 0
      ? ` Faint: ${count(others, 'other trial')}${report.trials.length > others + 5 ? `, evenly chosen from all` : ''}.`
      : '';
  return section(
    'Learning curves',
    `Every run of the best trial (blue) and of the baseline (grey), and the first run of those next in value.${faint} Not smoothed; framed by where curves end.`,
    figure(drawing),
  );
}

function knobsSection(report: Report): string {
  if (report.knobs.length === 0 || report.trials.length < 2) return '';
  const left = report.knobs.length - MOST_SLICES;
  const rows = report.effects.map((effect) => {
    const share =
      effect.share === undefined
        ? '<span class="muted">too few</span>'
        : `${text(shareText(effect))} <span class="muted">/ ${text(percent(effect.chance!))}</span>`;
    const alone = effect.alone === undefined ? '' : percent(effect.alone);
    return `<tr><td>${text(effect.knob)}</td><td class="n">${share}</td><td class="n">${text(intervalText(effect))}</td><td class="n">${text(alone)}</td><td class="n">${text(trendText(effect))}</td><td class="w">${text(bestText(effect))}</td></tr>`;
  });
  const table = `<div class="scroll"><table><thead><tr><th>knob</th><th class="n">importance / by chance</th><th class="n">90 % interval</th><th class="n">alone</th><th class="n">trend</th><th>best where</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
  const told = (title: string, sentences: readonly string[]): string =>
    sentences.length === 0
      ? ''
      : `<h3>${title}</h3><ul class="lead">${sentences.map((sentence) => `<li>${text(sentence)}</li>`).join('')}</ul>`;
  return section(
    'What mattered',
    'Value of each knob against the result, the most important first. Line: the result to be expected along the knob, all others averaged over their ranges, with the standard deviation between models. Dashed: the baseline; solid: the best.',
    key(report),
    `<div class="slices">${sliceFigures(report).join('')}</div>`,
    left > 0 ? `<p class="lead">${text(`${count(left, 'knob')} that matter less are not drawn.`)}</p>` : '',
    told('Ranges to change', rangeTexts(report.effects)),
    told('Together', report.interactions.slice(0, MOST_TOGETHER).map(interactionText)),
    '<h3>By the numbers</h3>',
    table,
    '<p class="lead">Importance: how far values of the knob tell better results from worse ones (PED-ANOVA), as a share of all knobs; beside it what one knob or another would reach in 5 % of studies were none of them to matter, and what resampled trials give. Alone: share of the variation of results that goes with this knob alone over its whole range (fANOVA on a random forest, to which the worst tenth of results are equally bad). Trend: Spearman, positive when higher values went with better results. Of trials stopped early the end is guessed from where they stood. A first look: knobs moved together, and the sampler went where results were good.</p>',
  );
}

function nearSection({ nearMisses, status }: Report): string {
  if (nearMisses.length === 0) return '';
  const shown = nearMisses.slice(0, MOST_NEAR);
  const rows = shown.map(
    (row) =>
      `<tr><td class="n">${row.trial}</td><td class="n">${text(signed(row.effect!, row.margin))}</td><td class="n">${row.better === undefined ? '' : text(num(row.better, 2))}</td><td class="n">${row.runsToSettle === undefined ? '–' : text(grouped(row.runsToSettle))}</td><td class="long">${text(changed(row.changes, MOST_CHANGES))}</td></tr>`,
  );
  const more = nearMisses.length - shown.length;
  return section(
    'Near misses',
    `Looked better but stayed within noise: first to be run again with more compute. Effects are those seen when judged, against the best of that time; what was picked for looking good looks smaller the next time.`,
    `<div class="scroll"><table><thead><tr><th class="n">trial</th><th class="n">effect on ${text(status.objective.metric)}</th><th class="n">P(better)</th><th class="n">runs to settle</th><th>change to its parent</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`,
    more > 0
      ? `<p class="lead">${text(`${count(more, 'more', 'more')}: ansatz trials --verdict inconclusive --sort effect`)}</p>`
      : '',
  );
}

function budgetSection(report: Report): string {
  const { spending, spans } = report;
  const bars = bothWidths((width) => budgetFigure(report, width));
  const shares = bothWidths((width) => shareFigure(report, width));
  const slots = bothWidths((width) => slotsFigure(report, width));
  const used = new Set(spans.map((span) => span.slot)).size;
  const busy =
    spending.busy === undefined ? '' : `Slots were busy ${percent(spending.busy)} of the time the lab was open.`;
  const hidden = used > MOST_SLOTS ? ` ${count(used - MOST_SLOTS, 'further slot')} not drawn.` : '';
  if (bars + shares + slots === '') return '';
  const burning = report.burn
    .slice(0, 2)
    .map((burn) => figure(bothWidths((width) => burnFigure(burn, report.status.deadline, width))));
  return section(
    'Compute',
    '',
    figure(bars),
    ...burning,
    shares === '' ? '' : `<h3>Where the device time went</h3>${figure(shares)}${names(shareNames(report))}`,
    slots === '' ? '' : `<h3>Runs in their slots</h3>${names(slotNames(report))}${figure(slots, `${busy}${hidden}`)}`,
  );
}

function auditSection(report: Report): string {
  const rows = auditRows(report);
  if (rows.length === 0) return '';
  const cells = rows.map(([name, value]) => `<tr><td>${text(name)}</td><td class="n">${text(value)}</td></tr>`);
  return section(
    'Kill audit',
    auditLead(report),
    `<div class="scroll"><table class="small"><tbody>${cells.join('')}</tbody></table></div>`,
  );
}

function trialsSection(report: Report): string {
  const { trials, status } = report;
  const shown = chosenRows(trials, report.merge?.trial);
  const columns = variedKnobs(report);
  const rows = shown.map((trial) => trialRow(report, trial, columns));
  const left = trials.length - shown.length;
  const note = `${grouped(left)} of ${grouped(trials.length)} trials are left out here: kept ones, crashes, the best and the newest are shown. All of them: ansatz trials --json`;
  const options = [...new Set(trials.map((trial) => trial.state))].map((state) => `<option>${state}</option>`);
  const heads = columns.map((name) => `<th class="n">${text(name)}</th>`).join('');
  return section(
    'Trials',
    `Value: mean of ${status.objective.metric} over the runs that count ± standard error. Effect: against the best of its time ± 95 %, positive is better.${columns.length > 0 ? " Settings like the baseline's are grey; knobs that never varied are left out." : ''}`,
    left > 0 ? `<p class="lead">${text(note)}</p>` : '',
    '<div class="tools" id="tools" hidden><input id="filter" type="search" placeholder="filter" aria-label="Filter trials">',
    `<select id="verdict" aria-label="Verdict"><option value="">all verdicts</option>${options.join('')}</select><span id="shown"></span></div>`,
    '<div class="scroll broad"><table id="trials"><thead><tr><th class="n">trial</th><th>verdict</th><th class="n">value</th>',
    `<th class="n">effect</th><th class="n">runs</th><th class="n">cost</th>${heads}<th>why</th></tr></thead>`,
    `<tbody>${rows.join('\n')}</tbody></table></div>`,
  );
}

/** Knobs that differ anywhere, each worth a column; none when they would be too many columns. */
function variedKnobs({ knobs, trials }: Report): string[] {
  const varied = new Set(trials.flatMap((trial) => trial.changes.map((change) => change.knob)));
  return varied.size > MOST_COLUMNS ? [] : knobs.map((knob) => knob.name).filter((name) => varied.has(name));
}

function trialRow(report: Report, trial: ReportTrial, columns: readonly string[]): string {
  const best = trial.trial === report.merge?.trial ? ' class="best"' : '';
  const told = trial.researcher !== 'numeric' && trial.researcher !== 'baseline';
  const list = columns.length > 0 ? '' : changed(trial.changes, MOST_CHANGES);
  const why = [told ? text(trial.hypothesis) : '', text(list), `<span class="muted">${text(trial.why)}</span>`];
  const cells = [
    `<td class="n" data-v="${trial.trial}">${trial.trial}</td>`,
    `<td class="w"><span class="v ${trial.state}">${trial.state}</span></td>`,
    numberCell(trial.value, (value) => plusMinus(value, trial.se)),
    numberCell(trial.effect, (value) => signed(value, trial.margin)),
    numberCell(trial.runs, grouped),
    numberCell(trial.deviceSeconds, seconds),
    ...columns.map((name) => settingCell(trial.point, report.trials[0]!.point, name)),
    `<td class="long">${why.filter((part) => part !== '').join('<br>')}</td>`,
  ];
  return `<tr${best} data-verdict="${trial.state}">${cells.join('')}</tr>`;
}

function numberCell(value: number | undefined, print: (value: number) => string): string {
  if (value === undefined) return '<td class="n" data-v=""></td>';
  return `<td class="n" data-v="${Number(value.toPrecision(6))}">${text(print(value))}</td>`;
}

function settingCell(point: ReportTrial['point'], baseline: ReportTrial['point'], name: string): string {
  if (!Object.hasOwn(point, name)) return '<td class="n same">-</td>';
  const value = point[name]!;
  const look = Object.hasOwn(baseline, name) && baseline[name] === value ? 'n same' : 'n';
  const sort = typeof value === 'number' ? ` data-v="${value}"` : '';
  return `<td class="${look}"${sort}>${text(brief(value))}</td>`;
}

/** All, or of many the kept, the open, the best, the crashed and the newest, in order. */
function chosenRows(trials: readonly ReportTrial[], best: number | undefined): readonly ReportTrial[] {
  if (trials.length <= MOST_ROWS) return trials;
  const chosen = new Set<ReportTrial>();
  const take = (list: readonly ReportTrial[], most: number): void => {
    for (const trial of list.slice(0, most)) if (chosen.size < MOST_ROWS) chosen.add(trial);
  };
  take(
    trials.filter((trial) => trial.trial === 1 || trial.trial === best),
    2,
  );
  take(trials.filter((trial) => trial.state === 'keep').toReversed(), 100);
  take(
    trials.filter((trial) => ['running', 'paused', 'queued'].includes(trial.state)),
    50,
  );
  take(
    trials
      .filter((trial) => trial.better !== undefined)
      .toSorted((a, b) => b.better! - a.better! || b.effect! - a.effect!),
    150,
  );
  take(trials.filter((trial) => trial.state === 'crash').toReversed(), 50);
  take(trials.toReversed(), MOST_ROWS);
  return [...chosen].sort((a, b) => a.trial - b.trial);
}

function failuresSection({ failures }: Report): string {
  if (failures.length === 0) return '';
  const shown = failures.slice(0, MOST_FAILURES);
  const items = shown.map(({ reason, text: words, runs, trials, deviceSeconds, example }, i) => {
    const where = `run ${example.run} of trial ${example.trial}, seed ${example.seed}`;
    const differs = example.changes.length === 0 ? 'the baseline’s settings' : changed(example.changes, MOST_CHANGES);
    const log =
      example.tail.length === 0
        ? '<p class="muted">It left no output.</p>'
        : `<pre class="wrap">${example.tail.map(text).join('\n')}</pre>`;
    return `<details${i < 3 ? ' open' : ''}><summary><b>${text(`${count(runs, 'run')} ${reasonText(reason)}`)}</b> <span class="muted">${text(`in ${count(trials.length, 'trial')}, ${seconds(deviceSeconds)} of device time`)}</span>${words === '' ? '' : `<br>${text(words)}`}</summary><p class="lead">${text(`First: ${where}: ${differs}`)}</p>${log}</details>`;
  });
  const left = failures.length - shown.length;
  const note =
    left > 0
      ? `<p class="lead">${text(`${count(left, 'rarer way', 'rarer ways')} of failing: ansatz trials --verdict crash`)}</p>`
      : '';
  return section('Failures', 'Alike ones together, with the end of the log of the first.', ...items, note);
}

function warningsSection({ status }: Report): string {
  const all = [
    ...status.dead.map((knob) => `The knob ${knob} does nothing: the search leaves it alone.`),
    ...status.warnings,
  ];
  if (all.length === 0) return '';
  return section('Warnings', '', `<ul>${all.map((warning) => `<li>${text(warning)}</li>`).join('')}</ul>`);
}

function reproduceSection(report: Report): string {
  const { reproduce, createdAt, status, version } = report;
  const { baseline, best, seeds, yaml } = reproduce;
  const lines = [
    `# ansatz ${version}; study "${status.study}", ${date(createdAt)} to ${date(status.now)}`,
    `# seeds ${seeds.length > 8 ? `${seeds[0]} to ${seeds.at(-1)}` : seeds.join(', ') || 'none yet'}: the n-th run of every trial has the n-th`,
    ...Object.entries(reproduce.environment).map(([name, value]) => `# ${name} ${value}`),
    '# baseline',
    baseline.argv,
    ...baseline.edits.map((edit) => `#   with ${edit}`),
    ...(best === undefined
      ? []
      : [`# best (trial ${best.trial})`, best.argv, ...best.edits.map((edit) => `#   with ${edit}`)]),
  ];
  return section(
    'Reproduce',
    'In the folder of the script. Secrets and paths of the machine are left out.',
    code(lines.join('\n'), 'wrap'),
    '<h3>ansatz.yaml</h3>',
    code(yaml),
  );
}

function methodSection({ status }: Report): string {
  return section(
    'How to read this',
    '',
    `<p class="lead">${text(
      `A change is first run once. If that is likely to be provable it gets fresh runs with further seeds, and only those count: the first was selected for looking good. After each they are compared with the best of the time by Student's t under the pooled noise of all repeats. All changes that get so far share one error rate: the chance that a study keeps anything that is no gain is at most 5 %, however many of its ${count(status.trials - 1, 'change')} were looked at and however often. When the search is over the best is run again on fresh seeds, and that is what is reported. p is one-sided, for the best against the baseline with all that is known now. Intervals are 95 %, those of verdicts valid at every look.`,
    )}</p>`,
  );
}
