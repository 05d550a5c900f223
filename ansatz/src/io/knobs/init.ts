/** From a look at a script to a first `ansatz.yaml`. */

import { resolve } from 'node:path';
import type { Direction } from '../../study/config.ts';
import { ExpressionError, namesIn, parseConstraint } from '../../methods/space/expression.ts';
import { directionOf } from '../config/direction.ts';
import { nameFor } from '../config/name.ts';
import type { Draft, DraftKnob } from '../config/write.ts';
import { discover, type Discovery } from './discover/discover.ts';
import type { FoundKnob } from './discover/propose.ts';
import type { Overlay } from './import/overlay.ts';

/** What a short run of the script showed, the likeliest objective first. */
export interface Probe {
  readonly metrics: readonly {
    readonly name: string;
    readonly direction?: Direction;
    /** Values heard; 0 when the name was taken on trust. */
    readonly points?: number;
    readonly last?: number;
  }[];
}

/** More knobs than this make a small budget a lottery. */
const mostKnobs = 12;
const leastScore = 2;

/**
 * A study drafted from a script: its knobs with proposed ranges, the metric it seems to print, 40 runs within an hour.
 * `found` may hand in a discovery made earlier, `laid` a space from elsewhere that was laid over it: then only what is
 * in that space varies. The draft, written out, is a valid `ansatz.yaml`.
 */
export function draft(
  folder: string,
  script: string | undefined,
  probe?: Probe,
  found: Discovery = discover(folder, script),
  laid?: Overlay,
): Draft {
  const [measured] = probe?.metrics ?? [];
  const heard = measured !== undefined && measured.points !== 0;
  const metric = measured?.name ?? found.metricHints[0] ?? 'loss';
  const others =
    measured === undefined ? found.metricHints.slice(1) : probe!.metrics.slice(1).map((entry) => entry.name);
  const proposed: readonly DraftKnob[] =
    laid?.knobs ??
    found.knobs
      .filter((knob) => knob.score >= leastScore)
      .slice(0, mostKnobs)
      .map(commented);
  const names = new Set(proposed.map((knob) => knob.name));
  const spare = found.knobs.filter((knob) => !names.has(knob.name));
  const notes = [`Found by reading ${found.script}; nothing was changed.`, ...found.notes, ...(laid?.warnings ?? [])];
  if (measured === undefined && found.metricHints.length === 0) {
    notes.push(`No metric was recognised in ${found.script}: write the name it prints behind "metric".`);
  }
  return {
    name: nameFor(resolve(folder)),
    command: found.command,
    objective: { metric, direction: measured?.direction ?? directionOf(metric) ?? 'minimize', value: 'last' },
    metricComment: [
      heard ? 'seen in its output' : 'a guess from the text of the script',
      ...(others.length > 0 ? [`also: ${others.slice(0, 5).join(', ')}`] : []),
    ].join('; '),
    budget: { runs: 40, wallSeconds: 3600 },
    knobs: proposed,
    spare: [...(laid?.spare ?? []), ...spare.map(commented)],
    skipped: [...(laid?.skipped ?? []), ...found.skipped.filter(({ name }) => !names.has(name))],
    ...(found.seed === undefined ? {} : { seed: found.seed.via }),
    constraints: found.constraints
      .map((constraint) => settle(constraint, spare))
      .filter((constraint) => isAbout(constraint, names)),
    notes,
  };
}

/** A constraint in which knobs that do not vary are the number they have. */
function settle(constraint: string, fixed: readonly FoundKnob[]): string {
  const values = new Map(fixed.map((knob) => [knob.name, knob.default]));
  return constraint.replaceAll(/(?<![\w.])[A-Za-z_]\w*/g, (name) => {
    const value = values.get(name);
    return typeof value === 'number' ? String(value) : name;
  });
}

/** Whether the constraint language understands it, over at least one of these knobs and nothing else. */
function isAbout(constraint: string, names: ReadonlySet<string>): boolean {
  try {
    const about = namesIn(parseConstraint(constraint));
    return about.length > 0 && about.every((name) => names.has(name));
  } catch (error) {
    if (error instanceof ExpressionError) return false;
    throw error;
  }
}

function commented(knob: FoundKnob): DraftKnob {
  return { ...knob, comment: knob.help === undefined ? knob.where : `${knob.where} ${knob.help.slice(0, 60)}` };
}
