/** What somebody should know who looks once a day: found, refuted, paid, surprising, and to be decided. */

import { normalQuantile } from '../methods/math/quantile.ts';
import { betRows } from './account.ts';
import { effectsOf } from './effects.ts';
import type { Amount } from './events/index.ts';
import { nearMisses } from './insight.ts';
import { runOf, type State, type Trial, trialOf } from './state.ts';
import { type Change, changes, gainOf, type Status, statusOf } from './views.ts';

/** One finding: a kept trial, or what a knob does. */
export interface Finding {
  readonly kind: 'keep' | 'knob' | 'dead';
  readonly trial?: number;
  readonly knob?: string;
  readonly text: string;
  /** Standard errors that stand behind it; what findings are ordered by. */
  readonly evidence: number;
}

export interface Digest {
  readonly study: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly status: Status;
  /** Gain over the baseline of what is best now. */
  readonly gain: Status['gain'];
  readonly trials: number;
  readonly runs: number;
  readonly spent: Amount;
  /** The five with the most evidence. */
  readonly findings: readonly Finding[];
  /** Ideas that were believed until they were run again. */
  readonly refuted: readonly {
    readonly trial: number;
    readonly looked: number;
    readonly is: number;
    readonly why: string;
    readonly changes: readonly Change[];
  }[];
  /** Where the period's device time went, by line of enquiry, and what it kept. */
  readonly bets: readonly {
    readonly name: string;
    readonly deviceSeconds: number;
    readonly money: number;
    readonly trials: number;
    readonly keeps: number;
  }[];
  readonly surprises: readonly string[];
  /** What nobody but a person can decide, with what to type. */
  readonly decisions: readonly { readonly text: string; readonly fix?: string }[];
}

const MOST_FINDINGS = 5;
const MOST_REFUTED = 8;
/** A result further from what is believed of such changes is a surprise, in standard errors. */
const SURPRISING = 4;
/** A budget of which less is left is worth a word. */
const NEARLY_GONE = 0.1;

/** The digest of what happened after `from` (milliseconds since 1970) up to now. */
export function digestOf(state: State, from: number): Digest {
  const runs = state.runs.filter((run) => (run.endedAt ?? 0) > from);
  const fresh = new Set(runs.map((run) => run.trial));
  const judged = state.trials.filter((trial) => fresh.has(trial.id) && trial.verdict !== undefined && trial.id !== 1);
  const spent = runs.reduce(
    (sum, { charge }) => ({
      runs: sum.runs + (charge?.runs ?? 0),
      deviceSeconds: sum.deviceSeconds + (charge?.deviceSeconds ?? 0),
      money: sum.money + (charge?.money ?? 0),
    }),
    { runs: 0, deviceSeconds: 0, money: 0 },
  );
  const status = statusOf(state);
  return {
    study: state.config.name,
    from,
    to: state.now,
    status,
    gain: gainOf(state),
    trials: state.trials.filter((trial) => trial.proposedAt > from).length,
    runs: runs.length,
    spent,
    findings: findings(state, judged).slice(0, MOST_FINDINGS),
    refuted: judged
      .filter((trial) => trial.level !== undefined && trial.verdict !== 'keep' && trial.screen !== undefined)
      .map((trial) => refutation(state, trial))
      .toSorted((a, b) => b.looked - a.looked)
      .slice(0, MOST_REFUTED),
    bets: betsOf(state, runs, from),
    surprises: surprises(state, judged, from),
    decisions: decisions(state, status),
  };
}

/** Standard errors above zero that a chance of being better amounts to. */
function evidenceOf({ better = 0.5 }: Trial): number {
  return normalQuantile(Math.min(1 - 1e-12, Math.max(0.5, better)));
}

function findings(state: State, judged: readonly Trial[]): Finding[] {
  const kept = judged
    .filter((trial) => trial.verdict === 'keep')
    .map((trial): Finding => ({ kind: 'keep', trial: trial.id, text: trial.hypothesis, evidence: evidenceOf(trial) }));
  const { knobs } = effectsOf(state);
  const known = knobs
    .filter((effect) => effect.share !== undefined && effect.chance !== undefined && effect.share > effect.chance)
    .map((effect): Finding => {
      const pressed = effect.pressed === undefined ? '' : `; the best press against its ${effect.pressed.edge} end`;
      const trend =
        effect.trend === undefined || Math.abs(effect.trend) < 0.3
          ? ''
          : effect.trend > 0
            ? ', higher is better'
            : ', lower is better';
      return {
        kind: 'knob',
        knob: effect.knob,
        text: `matters: ${Math.round(100 * effect.share!)} % of the importance of all knobs${trend}${pressed}`,
        // How far above chance, on the scale of the others.
        evidence: effect.share! / Math.max(0.05, effect.chance!),
      };
    });
  const dead = state.dead.map((knob): Finding => ({
    kind: 'dead',
    knob,
    text: 'does nothing: a change of it altered no digit',
    evidence: 2,
  }));
  return [...kept, ...known, ...dead].toSorted((a, b) => b.evidence - a.evidence);
}

function refutation(state: State, trial: Trial): Digest['refuted'][number] {
  const sign = state.config.objective.direction === 'minimize' ? -1 : 1;
  const parent = state.trials[trial.parent - 1];
  const against = parent?.values[0] ?? parent?.screen ?? trial.screen!;
  return {
    trial: trial.id,
    looked: sign * (trial.screen! - against),
    is: trial.effect ?? 0,
    why: trial.why ?? '',
    changes: changes(parent?.point ?? trial.point, trial.point),
  };
}

function betsOf(state: State, runs: readonly State['runs'][number][], from: number): Digest['bets'] {
  const rows = betRows(state);
  return rows
    .map(({ name }) => {
      const own = runs.filter((run) => run.accounts.includes(`bet:${name}`));
      const trials = state.trials.filter((trial) => trial.bet === name);
      return {
        name,
        deviceSeconds: own.reduce((sum, run) => sum + (run.charge?.deviceSeconds ?? 0), 0),
        money: own.reduce((sum, run) => sum + (run.charge?.money ?? 0), 0),
        trials: trials.filter((trial) => trial.proposedAt > from).length,
        keeps: state.marks.filter((mark) => mark.at > from && trialOf(state, mark.trial).bet === name).length,
      };
    })
    .filter((bet) => bet.deviceSeconds > 0 || bet.trials > 0);
}

function surprises(state: State, judged: readonly Trial[], from: number): string[] {
  const found: string[] = [];
  for (const run of state.runs) {
    if (run.audited === undefined || (run.endedAt ?? 0) <= from || run.value === undefined) continue;
    const sign = state.config.objective.direction === 'minimize' ? 1 : -1;
    if (sign * run.value < sign * run.audited.toBeat) {
      found.push(
        `run ${run.id} of trial ${run.trial} would have been stopped at step ${run.audited.step}, and came out better than the best of its time`,
      );
    }
  }
  for (const trial of judged) {
    if (trial.shrunk === undefined || trial.effect === undefined || !(trial.margin! > 0)) continue;
    const off = Math.abs(trial.effect - trial.shrunk) / (trial.margin! / 1.96);
    if (trial.effect > 0 && off > SURPRISING) {
      found.push(
        `trial ${trial.id} gained more than such changes ever did: look whether it computes the same thing (${trial.hypothesis})`,
      );
    }
  }
  const drifted = state.warnings.filter((warning) => /drift|slot/.test(warning.code));
  return [...found, ...drifted.map((warning) => warning.text)].slice(0, 8);
}

function decisions(state: State, status: Status): Digest['decisions'] {
  const list: { text: string; fix?: string }[] = [];
  if (state.phase === 'paused') list.push({ text: 'the study is paused', fix: 'ansatz resume' });
  if (state.phase === 'ended' && state.ended !== undefined) {
    list.push({
      text: `the study has ended: ${state.ended.text}`,
      fix: `ansatz run --runs ${state.ledger.spent.runs + 40}   # goes on`,
    });
  }
  for (const [name, cap] of Object.entries(status.budget)) {
    const used = status.spent[name as keyof typeof status.spent];
    if (state.phase !== 'ended' && cap !== undefined && cap > 0 && 1 - used / cap < NEARLY_GONE) {
      list.push({
        text: `${Math.round(100 * (used / cap))} % of the budget of ${name} is spent`,
        fix: 'ansatz run --runs …   # to raise it',
      });
    }
  }
  for (const near of nearMisses(state, 3)) {
    if (near.runsToSettle === undefined || near.runsToSettle > 12) continue;
    list.push({
      text: `trial ${near.trial} looks better and is not proven: about ${near.runsToSettle} more runs would settle it`,
      fix: `ansatz repeat ${near.trial} --more ${Math.min(10, near.runsToSettle)}`,
    });
  }
  for (const effect of effectsOf(state).knobs) {
    if (effect.pressed === undefined) continue;
    const { edge, wider } = effect.pressed;
    list.push({
      text: `the best results press against the ${edge} end of ${effect.knob}`,
      fix: `knobs: { ${effect.knob}: { ${edge === 'low' ? 'from' : 'to'}: ${wider} } }   # in ansatz.yaml, then ansatz run --new`,
    });
  }
  for (const milestone of status.milestones) {
    if (milestone.state === 'to come' && milestone.chance < 0.5) {
      list.push({
        text: `the milestone ${milestone.name} will probably be missed (${Math.round(100 * milestone.chance)} %)`,
      });
    }
  }
  const crashed = state.runs.slice(-10).filter((run) => run.status === 'failed').length;
  if (crashed >= 5)
    list.push({
      text: `${crashed} of the last 10 runs failed: ${runOf(state, state.runs.findLast((run) => run.status === 'failed')!.id).text ?? ''}`,
      fix: 'ansatz trials --verdict crash',
    });
  return list.slice(0, 8);
}
