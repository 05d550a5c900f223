/** What a study comes to, in sentences: the first screen of the report, the same in HTML and Markdown. */

import type { Verdict } from '../../study/events/index.ts';
import { priorText } from '../../study/prior.ts';
import { believedText } from './believed.ts';
import type { Report } from './data.ts';
import {
  groupText,
  interactionText,
  intervalText,
  rangeTexts,
  shareText as importanceText,
  standsOut,
} from './knobs.ts';
import { count, date, grouped, listed, num, percent, plusMinus, pText, result, seconds } from './numbers.ts';

/** How far the gain can be believed. */
export type Standing = 'real' | 'unclear' | 'exact' | 'unmeasured' | 'none' | 'no-result' | 'failed';

/** Sentences of the first screen; plain text, not escaped. */
export interface Story {
  readonly standing: Standing;
  readonly headline: string;
  /** What the headline rests on, or why it is not to be believed. */
  readonly under: string;
  readonly phase: string;
  readonly spent: string;
  readonly gained: string;
  readonly mattered: string;
  readonly failed: string;
  readonly noise: string;
  /** A thing to know before believing the rest. */
  readonly cautions: readonly string[];
}

/** P-values above this leave a gain unclear. */
const BELIEVE = 0.05;

/** Tell the story of a report. */
export function storyOf(report: Report): Story {
  const standing = standingOf(report);
  return {
    standing,
    ...withBelieved(report, headlineOf(report, standing)),
    phase: phaseOf(report),
    spent: spentOf(report),
    gained: gainedOf(report, standing),
    mattered: `${matteredOf(report)}${priorOf(report)}`,
    failed: failedOf(report),
    noise: noiseOf(report),
    cautions: cautionsOf(report),
  };
}

/** What looks better than what was proven belongs beside it. */
function withBelieved(
  { status }: Report,
  said: { headline: string; under: string },
): { headline: string; under: string } {
  if (status.believed === undefined) return said;
  const words = believedText(status.believed);
  return { ...said, under: `${said.under} ${words[0]!.toUpperCase()}${words.slice(1)}.` };
}

function standingOf({ status }: Report): Standing {
  if (status.ended?.reason === 'baseline-failed') return 'failed';
  if (status.baseline === undefined) return 'no-result';
  if (status.gain === undefined || status.best === undefined) return 'none';
  if (status.noise === undefined) return 'unmeasured';
  if (status.noise.deterministic) return 'exact';
  return 1 - status.gain.better < BELIEVE ? 'real' : 'unclear';
}

function headlineOf(report: Report, standing: Standing): { headline: string; under: string } {
  const { objective, baseline, best, gain, trials, verdicts } = report.status;
  const { metric, direction } = objective;
  const tried = trials - 1;
  const going = report.status.ended === undefined && report.status.open ? ' so far' : '';
  switch (standing) {
    case 'failed':
      return {
        headline: 'The script fails as it is',
        under: `There is no result to improve on: ${report.trials[0]!.why}.`,
      };
    case 'no-result':
      return {
        headline: 'No result yet',
        under: 'The baseline has not given a result; until it does nothing is compared.',
      };
    case 'none':
      if (tried === 0) {
        return {
          headline: `${metric} ${result(baseline)} as the script is`,
          under: `Only the baseline was run${going}; no change has been tried.`,
        };
      }
      return {
        headline: `Nothing better than ${metric} ${result(baseline)} was confirmed${going}`,
        under:
          verdicts.crash === tried
            ? `${tried === 1 ? 'The one change' : `All ${grouped(tried)} changes`} tried crashed.`
            : `${count(tried, 'change')} tried, none held against the baseline. Settings stay as they are.`,
      };
    case 'real':
    case 'unclear':
    case 'exact':
    case 'unmeasured': {
      const word = direction === 'minimize' ? 'lower' : 'higher';
      const share = shareText(gain!.percent);
      const size = share === '' ? `${word} by ${num(gain!.effect, 3)}` : `${share} ${word}`;
      const move = `${metric} ${plain(baseline!.mean, gain!)} → ${plain(best!.mean, gain!)}`;
      const runs = `${count(best!.runs, 'run')} of trial ${best!.trial} against ${grouped(baseline!.runs)} of the baseline`;
      if (standing === 'real')
        return {
          headline: `${move}, ${size}${going}`,
          under: `${interval(report)}, ${pText(1 - gain!.better)}: ${runs}.`,
        };
      if (standing === 'exact')
        return { headline: `${move}, ${size}${going}`, under: 'Exact: repeats come out alike to the last digit.' };
      if (standing === 'unmeasured')
        return {
          headline: `${move}, not confirmed`,
          under: 'The noise was never measured, so nobody can say whether this is real.',
        };
      return {
        headline: `${move}, but within the noise`,
        under: `${interval(report)}, ${pText(1 - gain!.better)}: trial ${best!.trial} was kept when it was judged; with all that is known of the noise now, its gain does not stand out.`,
      };
    }
  }
}

/** A mean to the digits that the interval of the difference supports, at least two of the difference itself. */
function plain(value: number, gain: { effect: number; margin: number }): string {
  const scale = gain.margin > 0 ? Math.min(gain.margin, Math.abs(gain.effect)) : Math.abs(gain.effect) / 100;
  return plusMinus(value, scale > 0 ? scale : undefined).split(' ±')[0]!;
}

function shareText(value: number): string {
  return Number.isFinite(value) ? `${num(Math.abs(value), 3)} %` : '';
}

function interval(report: Report): string {
  const { effect, margin } = report.status.gain!;
  return `Better by ${plusMinus(effect, margin)}${margin > 0 ? ' (95 % interval)' : ''}`;
}

function phaseOf({ status }: Report): string {
  if (status.ended !== undefined) return `Ended: ${status.ended.text}`;
  const at = `as of ${date(status.now)}`;
  if (!status.open) return `Not finished, no lab is running (${at})`;
  if (status.phase === 'running') return `Still running (${at})`;
  return `${status.phase[0]!.toUpperCase()}${status.phase.slice(1)} (${at})`;
}

function spentOf({ status, spending }: Report): string {
  const { spent, budget } = status;
  const of = (used: string, cap: number | undefined, text: (x: number) => string): string =>
    cap === undefined ? used : `${used} of ${text(cap)}`;
  const parts = [
    budget.runs === undefined ? count(spent.runs, 'run') : `${grouped(spent.runs)} of ${count(budget.runs, 'run')}`,
    `${of(seconds(spent.deviceSeconds), budget.deviceSeconds, seconds)} device time`,
    `${of(seconds(spent.wallSeconds), budget.wallSeconds, seconds)} on the clock`,
  ];
  if (spent.money > 0 || budget.money !== undefined)
    parts.push(`${of(num(spent.money, 3), budget.money, (x) => num(x, 4))} money`);
  const held =
    status.held.deviceSeconds > 0 ? `, and up to ${seconds(status.held.deviceSeconds)} held for runs under way` : '';
  const saved =
    spending.savedSeconds > 0
      ? ` Stopping ${count(spending.stopped, 'hopeless run')} early saved about ${seconds(spending.savedSeconds)} (${percent(spending.savedShare)} of what it would have been).`
      : '';
  const keep =
    spending.secondsPerKeep === undefined
      ? ''
      : ` Each of ${count(spending.keeps, 'keep')} cost ${seconds(spending.secondsPerKeep)}.`;
  return `${listed(parts)}${held}.${saved}${spending.keeps > 1 ? keep : ''}`;
}

function gainedOf(report: Report, standing: Standing): string {
  const { baseline, best, gain, noise } = report.status;
  if (standing === 'failed' || standing === 'no-result') return 'Nothing can be said without a result of the baseline.';
  const start = `Baseline ${result(baseline)} (${count(baseline!.runs, 'run')})`;
  if (gain === undefined || best === undefined) return `${start}; no trial was confirmed to be better.`;
  const to = `${start} → best ${result(best)} (trial ${best.trial}, ${count(best.runs, noise?.deterministic === true ? 'run' : 'fresh run')})`;
  const p = noise === undefined || noise.deterministic ? '' : `, ${pText(1 - gain.better)} one-sided`;
  const share = shareText(gain.percent);
  return `${to}: better by ${plusMinus(gain.effect, gain.margin)}${share === '' ? '' : ` (${share})`}${p}.${heldoutSentence(report)}`;
}

/** What data that no decision rested on say of it. */
function heldoutSentence({ status: { heldout } }: Report): string {
  if (heldout?.baseline === undefined || heldout.best === undefined) return '';
  return ` Held-out: ${num(heldout.baseline)} → ${num(heldout.best)} (trial ${heldout.trial}).`;
}

function priorOf({ status: { priors } }: Report): string {
  return priors === undefined ? '' : ` The search began with what earlier studies had found: ${priorText(priors)}.`;
}

function matteredOf({ effects, interactions, trials }: Report): string {
  if (trials.length < 2) return 'Nothing has been varied yet.';
  if (effects.length === 0) return 'The study varies no knobs.';
  const told = effects.filter((effect) => effect.share !== undefined);
  if (told.length === 0)
    return `Too few results (${count(Math.max(0, ...effects.map((effect) => effect.trials)), 'trial')}) to say which knob does.`;
  const above = told.filter(standsOut);
  const rest = effects.length - above.length;
  const ranges = rangeTexts(effects).filter((sentence) => sentence.includes('edge'));
  const also = [...interactions.slice(0, 1).map(interactionText), ...ranges].join(' ');
  const end = also === '' ? '' : ` ${also}`;
  if (above.length === 0) return `No knob stands out from chance in ${told[0]!.trials} trials.${end}`;
  const words = above.slice(0, 3).map((effect) => {
    const best = effect.best === undefined ? '' : `, best ${groupText(effect.groups[effect.best]!)}`;
    return `${effect.knob}: importance ${importanceText(effect)} (${intervalText(effect)}), alone ${percent(effect.alone!)} of the variation${best}`;
  });
  if (above.length > 3) words.push(`${above.length - 3} more`);
  const others =
    rest > 0 ? ` ${rest === 1 ? 'The other knob does' : `The other ${rest} do`} not stand out from chance.` : '';
  return `${words.join('; ')}.${others} A first look at ${told[0]!.trials} trials, not an experiment.${end}`;
}

const REASONS = {
  crash: 'crashed',
  nan: 'diverged',
  timeout: 'ran over the limit',
  oom: 'ran out of memory',
  'no-metric': 'gave no metric',
  tampered: 'changed what judges them',
  start: 'could not start',
  lost: 'were lost',
} as const;

/** A reason for failing, as a verb. */
export function reasonText(reason: keyof typeof REASONS): string {
  return REASONS[reason];
}

function failedOf({ failures, trials }: Report): string {
  const ideas = trials.filter((trial) => trial.trial !== 1);
  const of = (verdict: Verdict): number => ideas.filter((trial) => trial.state === verdict).length;
  const parts: string[] = [];
  if (failures.length === 0) parts.push('No run failed.');
  else {
    const byReason = new Map<keyof typeof REASONS, number>();
    for (const group of failures) byReason.set(group.reason, (byReason.get(group.reason) ?? 0) + group.runs);
    const runs = failures.reduce((sum, group) => sum + group.runs, 0);
    const why = [...byReason].map(([reason, n]) =>
      byReason.size === 1 ? reasonText(reason) : `${grouped(n)} ${reasonText(reason)}`,
    );
    parts.push(
      byReason.size === 1 ? `${count(runs, 'run')} ${why[0]}.` : `${count(runs, 'run')} failed: ${listed(why)}.`,
    );
  }
  if (ideas.length > 0) {
    const fates = [
      [of('keep'), 'kept'],
      [of('discard'), 'discarded'],
      [of('inconclusive'), 'left inconclusive'],
      [of('crash'), 'crashed'],
      [ideas.filter((trial) => ['running', 'paused', 'queued'].includes(trial.state)).length, 'not judged yet'],
    ] as const;
    const shown = fates.filter(([n]) => n > 0).map(([n, word]) => `${grouped(n)} ${word}`);
    parts.push(`Of ${count(ideas.length, 'change')} tried: ${listed(shown)}.`);
  }
  return parts.join(' ');
}

function noiseOf({ status }: Report): string {
  const { noise, objective } = status;
  if (noise === undefined) return 'Not measured: no setting has two results.';
  if (noise.deterministic) return 'None: repeats come out alike to the last digit.';
  return `One run of ${objective.metric} has sd ${num(noise.sd, 2)} (${count(noise.df, 'degree')} of freedom); smaller differences are not seen in single runs.`;
}

/** A trial this many times as noisy as the floor is worth a word. */
const NOISY = 3;

function cautionsOf({ noise, status }: Report): string[] {
  const cautions: string[] = [];
  const noisy = noise.filter((group) => (group.ratio ?? 0) >= NOISY);
  const top = noisy[0];
  if (top !== undefined) {
    const rest = noisy.length - 1;
    const others = rest > 0 ? ` (and those of ${count(rest, 'other trial')} more than ${NOISY} times)` : '';
    cautions.push(
      `The ${grouped(top.runs)} repeats of trial ${top.trial} spread with sd ${num(top.sd, 2)}, ${num(top.ratio!, 2)} times the floor${others}: such settings are noisier than others, or the floor came out low. Trust single runs less than the floor says.`,
    );
  }
  for (const text of status.heldout?.contradicted ?? []) cautions.push(`${text[0]!.toUpperCase()}${text.slice(1)}.`);
  for (const text of status.heldout?.failed ?? []) cautions.push(`A held-out check gave nothing: ${text}.`);
  for (const text of status.suspicions) cautions.push(`${text[0]!.toUpperCase()}${text.slice(1)}.`);
  for (const knob of status.dead)
    cautions.push(`The knob ${knob} does nothing: changing it alone gave exactly the baseline's result.`);
  return cautions;
}
