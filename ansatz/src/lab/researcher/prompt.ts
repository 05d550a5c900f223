/** What a language model is told: rules, the task and its code, what was tried, what is asked. Pure. */

import { mean } from '../../methods/math/summary.ts';
import { type Point, valueAt } from '../../methods/space/index.ts';
import type { Knob } from '../../study/config.ts';
import { noiseOf } from '../../study/noise.ts';
import { runsLeft } from '../../study/outlook.ts';
import { resultsOf, type State, type Trial } from '../../study/state.ts';
import { describe } from './describe.ts';

/** A file of the code that may be changed. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

export interface Briefing {
  readonly state: State;
  /** The trial to depart from. */
  readonly parent: Trial;
  /** Files that may be changed; none where only knobs may. */
  readonly sources: readonly Source[];
  /** What is remembered of the past, nearest to what this is about. */
  readonly told?: string;
  /** Words of the user, read each time. */
  readonly guidance?: string;
  /** A person's idea that a change is to be made of. */
  readonly idea?: string;
  /** What is to be done, where it is not just the next change. */
  readonly assignment?: string;
  /** The trial whose settings and code are changed, where that is not the parent. */
  readonly from?: { readonly id: number; readonly point: Point };
  /** What was wrong with the answer before. */
  readonly complaint?: string;
  /** Tokens that all parts together may have. */
  readonly most: number;
}

/** Characters of text that make a token, rather too few than too many. */
const CHARACTERS = 3;
/** Newest trials that are told. */
const MOST_TRIALS = 20;

/** The parts of a question, cut to fit: what was tried longest ago goes first, then the ends of long files. */
export function questionOf(briefing: Briefing): { rules: string; context: string; task: string } {
  const { state, parent, sources, told, guidance, idea, assignment = '', from = parent, complaint, most } = briefing;
  const { objective, command, knobs, constraints, minEffect } = state.config;
  const lower = objective.direction === 'minimize';
  const rules = [
    `You are a researcher who improves the metric "${objective.metric}" of a training script; ${lower ? 'lower' : 'higher'} is better.`,
    'You propose one change at a time. It is run and judged by others: fresh runs on other seeds decide, compared with measured noise. Your own expectation counts for nothing.',
    'Do not repeat what was tried, unless what it was tried on has changed since. Learn from failures as from successes. Prefer changes whose effect would be clear of the noise, and ideas that still help at a larger scale.',
    sources.length > 0
      ? 'You may change settings, and code by search and replace. Do not set seeds, do not touch how results are computed or printed.'
      : 'You may change settings only.',
  ].join('\n');
  const noise = noiseOf(state);
  const head = [
    `command: ${command.join(' ')}`,
    `noise: one run has standard deviation ${noise.df > 0 ? said(noise.sd) : 'unknown'}${minEffect > 0 ? `; gains below ${minEffect} do not matter` : ''}`,
    `settings: ${knobs.map(knobText).join('; ')}`,
    ...(constraints.length > 0 ? [`constraints: ${constraints.join('; ')}`] : []),
    ...(guidance === undefined || guidance.trim() === '' ? [] : [`guidance of the user:\n${guidance.trim()}`]),
  ].join('\n');
  const left = runsLeft(state);
  const task = [
    `You depart from trial ${from.id}: ${settingsText(from.point, knobs)}.`,
    Number.isFinite(left) ? `About ${Math.floor(left)} runs are left.` : '',
    ...(idea === undefined ? [] : [`Make a change of this idea of a person, and of nothing else: ${idea}`]),
    assignment,
    complaint === undefined
      ? assignment === ''
        ? 'Propose the next change.'
        : 'Propose that change.'
      : `Your last answer could not be run: ${complaint}\nAnswer again.`,
  ]
    .filter((line) => line !== '')
    .join('\n');
  const memory =
    told === undefined || told === '' ? [] : [`from memory, nearest first; cite by number what you build on:\n${told}`];
  let room = most * CHARACTERS - rules.length - head.length - task.length - memory.join('').length;
  const code: string[] = [];
  for (const { file, text } of sources) {
    const shown = text.slice(0, Math.max(0, Math.floor(0.6 * room)));
    if (shown === '') break;
    code.push(
      `--- ${file}${shown.length < text.length ? ` (its first ${shown.length} of ${text.length} characters)` : ''}\n${shown}`,
    );
    room -= shown.length + file.length + 8;
  }
  const tried: string[] = [];
  for (const trial of state.trials.slice(-MOST_TRIALS).toReversed()) {
    const line = trialText(state, trial);
    if (room < line.length + 1) break;
    tried.unshift(line);
    room -= line.length + 1;
  }
  const context = [
    head,
    ...code,
    ...memory,
    `tried last (newest last; effect against the best of its time, positive is better):\n${tried.join('\n')}`,
  ].join('\n\n');
  return { rules, context, task };
}

function knobText(knob: Knob): string {
  if (knob.kind === 'choice') return `${knob.name} one of ${knob.choices.map(String).join(', ')}`;
  return `${knob.name} ${knob.kind === 'int' ? 'whole ' : ''}from ${knob.low} to ${knob.high}${knob.scale === 'log' ? ' (log)' : ''}`;
}

function settingsText(point: Point, knobs: readonly Knob[]): string {
  const set = knobs.filter((knob) => valueAt(point, knob.name) !== undefined);
  return set.map((knob) => `${knob.name}=${String(point[knob.name])}`).join(' ') || 'the script as it is';
}

function trialText(state: State, trial: Trial): string {
  const parent = state.trials[trial.parent - 1];
  const results = resultsOf(trial);
  const change = parent === undefined ? 'the script as it is' : describe(parent.point, trial.point);
  const code =
    trial.code !== undefined && trial.code.tree !== parent?.code?.tree
      ? ` code ${trial.code.files.join(' ')}: ${trial.hypothesis}`
      : '';
  const value = results.length === 0 ? 'no result' : said(mean(results));
  const effect = trial.effect === undefined ? '' : `, effect ${said(trial.effect)}`;
  return `${trial.id} (from ${trial.parent}) ${change}${code}: ${value}${effect}, ${trial.verdict ?? 'running'}: ${trial.why ?? ''}`;
}

function said(x: number): string {
  return String(Number(x.toPrecision(4)));
}
