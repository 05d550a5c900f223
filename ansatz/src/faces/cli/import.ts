/** `ansatz import`: what another tool found out, as the history of a study. */

import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readConfig, thisMachine } from '../../io/config/index.ts';
import { knobsInText, type Log, type LogRow, readLog } from '../../io/logs/index.ts';
import { earlierResults, spaceOf } from '../../lab/researcher/index.ts';
import {
  chooseStudy,
  explain,
  findProject,
  held,
  holdStudy,
  listStudies,
  postRequest,
  readStudy,
  setCurrent,
  studyFolder,
} from '../../lab/studies.ts';
import type { Value } from '../../methods/space/space.ts';
import { defaults } from '../../methods/space/index.ts';
import type { StudyConfig } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';
import type { Event, HistoryEvent, HistoryRow } from '../../study/events/index.ts';
import { directionOption } from './audit.ts';

/** Options as they are typed. */
export interface ImportOptions {
  into?: string;
  study?: string;
  json?: boolean;
  metric?: string;
  direction?: string;
  statusColumn?: string;
}

/** Characters of a description that are kept. */
const MOST_TEXT = 500;

/** Read a log, and append it to the study of a project; without a study one is made from ansatz.yaml. */
export function importLog(file: string, options: ImportOptions): void {
  const log = readLog(file, {
    ...(options.metric === undefined ? {} : { metric: options.metric }),
    ...(options.statusColumn === undefined ? {} : { statusColumn: options.statusColumn }),
    ...(options.direction === undefined ? {} : { direction: directionOption(options.direction) }),
  });
  const target = targetOf(resolve(options.into ?? '.'), options.study);
  const event = historyOf(log, target.config);
  refuseTwice(target.before, event);
  const { observations, outside, unnamed } = earlierResults([event], spaceOf(target.config), target.baseline);
  const how = target.append(event);
  const said = {
    study: target.name,
    source: event.source,
    dialect: event.dialect,
    rows: event.rows.length,
    used: observations.length,
    outside,
    unnamed,
    objective: event.objective,
    guesses: event.guesses,
  };
  process.stdout.write(
    options.json === true ? `${JSON.stringify(said)}\n` : `${linesOf(said, target.config, how).join('\n')}\n`,
  );
}

interface Target {
  readonly name: string;
  readonly config: StudyConfig;
  readonly baseline: ReturnType<typeof defaults>;
  readonly before: readonly HistoryEvent[];
  /** Writes the event down, or asks the lab at work to; says which. */
  readonly append: (event: HistoryEvent) => string;
}

function targetOf(place: string, name: string | undefined): Target {
  const project = findProject(place);
  if (project !== undefined && listStudies(project).length > 0) {
    const folder = chooseStudy(place, name);
    const { state, lease } = readStudy(folder);
    return {
      name: folder.name,
      config: state.config,
      baseline: state.trials[0]!.point,
      before: state.history,
      append(event) {
        if (held(lease)) {
          postRequest(folder, event);
          return 'the lab at work takes it in';
        }
        const study = holdStudy(folder);
        try {
          const now = study.state ?? state;
          // A lab that was killed could not say that it closed: the time since its last word is nobody's wall time.
          const events: Event[] = now.open ? [{ type: 'lab.closed', at: now.now }] : [];
          study.journal.append([...events, { ...event, at: Math.max(Date.now(), now.now) }]);
        } catch (error) {
          throw explain(error, folder);
        } finally {
          study.close();
        }
        return 'ansatz run goes on with it';
      },
    };
  }
  const file = join(project ?? place, 'ansatz.yaml');
  if (!existsSync(file)) {
    throw new UserError('no-config', 'there is no study here, and no ansatz.yaml to make one from', {
      where: place,
      why: 'a log tells what was tried, not how to run it or which ranges to search',
      fix: 'ansatz init train.py   # writes ansatz.yaml; then ansatz import again',
    });
  }
  const config = readConfig(file, { now: Date.now(), machine: thisMachine() }, { name });
  const folder = studyFolder(config.folder, config.name);
  const baseline = defaults(spaceOf(config));
  return {
    name: config.name,
    config,
    baseline,
    before: [],
    append(event) {
      const study = holdStudy(folder);
      try {
        const at = Date.now();
        study.journal.append([
          { type: 'study.created', config, baseline, at },
          { ...event, at },
        ]);
        setCurrent(config.folder, config.name);
      } catch (error) {
        throw explain(error, folder);
      } finally {
        study.close();
      }
      return 'the study was made from ansatz.yaml; ansatz run begins it';
    },
  };
}

/** The log as an event, its settings named as the study names its knobs where they mean one. */
export function historyOf(log: Log, config: StudyConfig): HistoryEvent {
  const sign = log.direction === 'minimize' ? 1 : -1;
  const names = knobNames(config);
  const fromText = log.rows.every((row) => row.knobs === undefined);
  return {
    type: 'history.imported',
    source: basename(log.file),
    dialect: log.dialect,
    objective: { metric: log.metric, direction: log.direction },
    guesses: [
      ...log.guesses,
      ...(fromText ? ['settings: read out of the descriptions (name=value, "name 1 to 2")'] : []),
    ],
    rows: log.rows.filter((row) => row.status !== 'running').map((row) => rowOf(row, sign, names)),
  };
}

function rowOf(row: LogRow, sign: number, names: ReadonlyMap<string, string>): HistoryRow {
  const { text, value, status, seconds } = row;
  const given = Object.entries(row.knobs ?? knobsInText(text ?? ''));
  const values = new Map<string, Value>(given.map(([name, setting]) => [names.get(key(name)) ?? name, setting]));
  return {
    ...(text === undefined ? {} : { text: text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT - 1)}…` : text }),
    ...(values.size === 0 ? {} : { values: Object.fromEntries(values) }),
    ...(value === undefined ? {} : { loss: sign * value, value }),
    ...(status === undefined ? {} : { status }),
    ...(status === undefined || status === 'running' ? {} : { verdict: status }),
    ...(seconds === undefined ? {} : { cost: seconds }),
  };
}

/** Knobs by their names without case and marks, and by the last part of dotted ones where that is unambiguous. */
function knobNames(config: StudyConfig): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const ends = new Map<string, string[]>();
  for (const { name } of config.knobs) {
    found.set(key(name), name);
    const end = key(name.split(/[./]/).at(-1)!);
    ends.set(end, [...(ends.get(end) ?? []), name]);
  }
  for (const [end, list] of ends) if (list.length === 1 && !found.has(end)) found.set(end, list[0]!);
  return found;
}

function key(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}.]+/gu, '');
}

function refuseTwice(before: readonly HistoryEvent[], event: HistoryEvent): void {
  const same = before.find(
    (one) => one.source === event.source && JSON.stringify(one.rows) === JSON.stringify(event.rows),
  );
  if (same === undefined) return;
  throw new UserError(
    'imported-before',
    `"${event.source}" was imported into this study before, with the same ${event.rows.length} rows`,
    {
      why: 'rows that are there twice would count twice',
      fix: 'ansatz import other.tsv   # or a log that has grown',
    },
  );
}

function linesOf(
  said: {
    study: string;
    source: string;
    dialect: string;
    rows: number;
    used: number;
    outside: number;
    unnamed: number;
    objective: HistoryEvent['objective'];
    guesses: readonly string[];
  },
  config: StudyConfig,
  how: string,
): string[] {
  const { metric, direction } = said.objective;
  const lines = [
    `${said.source}: ${said.rows} rows (${said.dialect}; ${direction} ${metric}) into study "${said.study}"`,
    `  ${said.used} tell the search where to look: they name knobs of the study`,
  ];
  if (said.unnamed > 0)
    lines.push(
      `  ${said.unnamed} name no knob (there are: ${config.knobs.map((knob) => knob.name).join(', ') || 'none'}); they are kept as history only`,
    );
  if (said.outside > 0)
    lines.push(`  ${said.outside} lie outside the ranges of ansatz.yaml and are left out of the search`);
  if (direction !== config.objective.direction || metric !== config.objective.metric)
    lines.push(
      `  the study is to ${config.objective.direction} ${config.objective.metric}: the log is taken on its own scale`,
    );
  return [...lines, `  ${how}`];
}
