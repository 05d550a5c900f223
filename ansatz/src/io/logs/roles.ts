/** Which column of a log is what: told by its name first, then by what stands in it. */

import { candidates, guessDirection } from '../capture/index.ts';
import { isNothing, momentIn, numberIn } from './cells.ts';
import type { Table } from './table.ts';
import { secondsOf, spanOf, type Times } from './times.ts';
import { flagOf, wordOf } from './verdicts.ts';

/** The columns by their part; those without one are kept in the raw rows only. */
export interface Roles extends Times {
  readonly metric?: string;
  readonly status?: string;
  readonly text?: string;
  readonly id?: string;
  readonly commit?: string;
  readonly config?: string;
  readonly seed?: string;
  readonly group?: string;
  readonly money?: string;
  readonly memory?: string;
  readonly at?: string;
  readonly knobs: readonly string[];
}

/** What stands in a column. */
interface Content {
  readonly name: string;
  readonly place: number;
  readonly filled: number;
  /** Shares of the filled cells. */
  readonly numbers: number;
  readonly verdicts: number;
  readonly hashes: number;
  readonly moments: number;
  readonly distinct: number;
  readonly length: number;
  readonly values: readonly number[];
}

/** Columns that measure the machine or the change of the metric, or count; a name that also names a metric is none of them. */
const ASIDE =
  /(?:^|[_. /-])(?:delta|diff|change_in|improvement|gain|before|prev(?:ious)?|old|gap|tax|baseline|std|stderr|sd|ci|conf(?:idence)?|margin|seed|parent|epochs?|steps?|iterations?|tokens?|params?_?m|num|number|count|memory|mem|vram|hbm|gpu|cpu|mfu|bytes|size|mb|gb|seconds?|minutes?|hours?|runtime|duration|elapsed|wt|timestamp|date|created|tid|id|index|rank|shards?|peak|pct|percent)(?:$|[_. /\d-])/i;
const GENERIC =
  /^(?:values?|values?_0|value\.0|objective(?:_value|_0)?|score|metric|result|fitness|target|metric_value|final_score|final_metric)$/i;
const AFTER = /^(?:metric|score|value|result)[_ ]?(?:after|new)$|^(?:new|after)[_ ](?:metric|score|value)$/i;
const SPEED =
  /(?:^|[_. /-])(?:throughput|tflops|speed|speedup|tps|latency|qps|fps|ops|rps|tok(?:ens)?_(?:per_)?s(?:ec)?|runtime|time|ms|us|µs)(?:$|[_. /-])/i;

/** Give every column its part. `asked` are the columns the user named. */
export function rolesOf(table: Table, asked: { readonly metric?: string; readonly status?: string }): Roles {
  const columns = table.columns.map((name, place) => contentOf(table, name, place));
  const taken = new Set<string>();
  const take = (name: string | undefined): string | undefined => {
    if (name !== undefined) taken.add(name);
    return name;
  };
  const free = (): Content[] => columns.filter(({ name }) => !taken.has(name));
  const named = (pattern: RegExp, fits: (content: Content) => boolean = () => true): string | undefined =>
    free().find((content) => pattern.test(content.name.trim()) && content.filled > 0 && fits(content))?.name;

  const status = take(asked.status ?? statusOf(columns, asked.metric));
  const commit = take(
    named(/^(?:git[_ ]?)?(?:commit|sha|rev(?:ision)?)(?:[_ ]?(?:hash|sha|id))?$/i) ??
      free().find(({ hashes, distinct }) => hashes > 0.6 && distinct > 1)?.name,
  );
  const config = take(named(/^(?:config|params?|cfg|settings)[_ .]?(?:hash|sha|fingerprint|digest)$/i));
  const metric = take(asked.metric ?? table.metricColumn ?? metricOf(free(), table.metric));
  const seed = take(named(/^(?:(?:params|config)[._])?(?:random_?)?seed$/i));
  const span = spanOf(free());
  if (span !== undefined) [span.start, span.end].forEach(take);
  const time = secondsOf(free().filter(({ name }) => name !== metric));
  take(time?.column);
  const money = take(
    named(/^(?:.*[_ .])?(?:cost|usd|dollars?|price|money)(?:[_ .](?:usd|\$))?$/i, ({ numbers }) => numbers > 0.6),
  );
  const memory = take(named(/(?:^|[_. ])(?:memory|mem|vram|hbm)(?:$|[_. ])/i, ({ numbers }) => numbers > 0.4));
  const at = take(
    named(/^_?(?:timestamp|time|date|datetime|created(?:_at)?|started(?:_at)?|start[_ ]time|when|at)$/i, ({ name }) =>
      cellsOf(table, name)
        .slice(0, 20)
        .some((cell) => momentIn(cell) !== undefined),
    ),
  );
  // One value a row, and beside it of what: every metric is a group.
  const long = /^(?:values?|score|result)$/i.test(metric ?? '')
    ? named(/^metric(?:[_ ]?name)?$/i, ({ numbers, distinct }) => numbers < 0.2 && distinct > 1)
    : undefined;
  const group = take(
    long ??
      named(
        /^(?:kernel_type|task(?:_name)?|benchmark|dataset|segment|env(?:ironment)?|problem|study(?:_name)?|sweep)$/i,
        ({ distinct, filled }) => distinct > 1 && distinct <= filled / 2,
      ),
  );
  const prefixed = free()
    .filter(({ name }) => /^(?:params?|config|hparams?|hyperparameters?|cfg|user_attrs_params)[._ /]/i.test(name))
    .map(({ name }) => name);
  prefixed.forEach(take);
  const text = take(textOf(free()));
  const id = take(
    named(
      /^(?:id|#|no\.?|key|number|name|tag|tid|exp(?:eriment)?(?:[_ ](?:id|name|no|number))?|run(?:[_ ](?:id|name|number))?|iter(?:ation)?|trial(?:[_ ](?:id|number))?|cycle|step)$/i,
    ),
  );
  const knobs =
    prefixed.length > 0
      ? prefixed
      : text === undefined
        ? free()
            .filter(isKnob)
            .map(({ name }) => name)
        : [];
  return defined({
    metric,
    status,
    text: text ?? (knobs.length === 0 && config === undefined ? id : undefined),
    id,
    commit,
    config,
    seed,
    group,
    seconds: time,
    span,
    money,
    memory,
    at,
    knobs,
  });
}

function defined(roles: { readonly [K in keyof Roles]: Roles[K] | undefined }): Roles {
  return Object.fromEntries(Object.entries(roles).filter(([, value]) => value !== undefined)) as unknown as Roles;
}

function cellsOf(table: Table, name: string): string[] {
  return table.records.map(({ cells }) => cells.get(name) ?? '').filter((cell) => !isNothing(cell));
}

function contentOf(table: Table, name: string, place: number): Content {
  // `❌` is nothing in a column of numbers, and a verdict in one of verdicts.
  const signs = table.records
    .map(({ cells }) => cells.get(name) ?? '')
    .filter((cell) => isNothing(cell) && /^[^\p{L}\p{N}]+$/u.test(cell.trim()) && wordOf(cell) !== undefined).length;
  const filled = cellsOf(table, name);
  const sample = filled.length > 3000 ? filled.filter((_, i) => i % Math.ceil(filled.length / 3000) === 0) : filled;
  const values = sample.map((cell) => numberIn(cell)).filter((value) => value !== undefined);
  const share = (fits: (cell: string) => boolean): number =>
    sample.length === 0 ? 0 : sample.filter(fits).length / sample.length;
  const isVerdict = (cell: string): boolean =>
    numberIn(cell) === undefined && (wordOf(cell) ?? flagOf(name, cell)) !== undefined;
  return {
    name,
    place,
    filled: filled.length + (filled.length > 0 && values.length > 0 ? 0 : signs),
    numbers: sample.length === 0 ? 0 : values.length / sample.length,
    verdicts:
      signs === 0 || values.length > 0
        ? share(isVerdict)
        : (sample.filter(isVerdict).length + signs) / (sample.length + signs),
    hashes: share((cell) => /^(?=.*\d)[0-9a-f]{7,40}$/i.test(cell) && !/^\d+$/.test(cell)),
    moments: share((cell) => /^\d{4}-\d\d-\d\d/.test(cell) && momentIn(cell) !== undefined),
    distinct: new Set(filled).size,
    length: sample.reduce((sum, cell) => sum + cell.length, 0) / Math.max(1, sample.length),
    values,
  };
}

function statusOf(columns: readonly Content[], metric: string | undefined): string | undefined {
  let best: { name: string; score: number } | undefined;
  for (const { name, verdicts, filled, length, distinct, numbers } of columns) {
    if (filled === 0 || name === metric) continue;
    const exact = /^(?:status|verdict|decision|outcome|disposition)$/i.test(name);
    const close =
      /^(?:state|kept|keep\??|accepted\??|result|action|conclusion|judge?ment|adopted|(?:keep|kept)[_ /](?:or[_ ])?discard(?:ed)?)$/i.test(
        name,
      );
    const flag = /^(?:success|succeeded|ok|crashed|failed|valid|done)$/i.test(name);
    // `kept` of 0 and 1 is a verdict, however much it looks like a number.
    const said = close && numbers > 0.9 && distinct <= 2 ? 1 : verdicts;
    const floor = exact ? 0.3 : close || flag ? 0.5 : 0.8;
    if (said < floor || (!exact && !close && !flag && (length > 25 || distinct > 15))) continue;
    const score = said + (exact ? 1 : close ? 0.8 : flag ? 0.1 : 0);
    if (score > (best?.score ?? 0)) best = { name, score };
  }
  return best?.name;
}

function metricOf(columns: readonly Content[], told: string | undefined): string | undefined {
  const most = Math.max(...columns.map(({ filled }) => filled));
  const wanted = told?.toLowerCase().replaceAll(/[^a-z0-9]+/g, '');
  let best: { name: string; score: number } | undefined;
  for (const content of columns) {
    const { name, numbers, place, values } = content;
    if (values.length === 0 || numbers < 0.3) continue;
    // A column that most rows leave empty was measured now and then; what was optimised is in all of them.
    const sparse = content.filled < 0.4 * most ? 5 : 0;
    const score =
      (wanted !== undefined && name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '') === wanted ? 20 : 0) +
      metricScore(content) -
      sparse -
      0.01 * place;
    if (score > (best?.score ?? -5)) best = { name, score };
  }
  return best?.name;
}

function metricScore({ name, values, distinct, numbers }: Content): number {
  const bare = name.replace(/^(?:metrics?|summary|results?)[./]/i, '');
  const [candidate] = candidates([{ key: bare, step: 0, value: 1, resolution: 0, source: 'csv', summary: false }]);
  let score = candidate!.score;
  if (AFTER.test(bare)) score = 8;
  else if (GENERIC.test(bare)) score = 5;
  else if (/^column \d+$/.test(bare)) score = 0.5;
  // How long W&B saw a run, which runs under way or crashed have too: what else there is, however seldom, is rather meant.
  else if (/^_?runtime$/.test(bare) || bare === 'Runtime') score = -2;
  else if (score < 4 && SPEED.test(bare)) score = 1;
  else if (/^(?:params?|config|hparams?)[._]/i.test(bare)) score = -8;
  else if (ASIDE.test(bare)) score -= 5;
  if (bare !== name) score += 1;
  if (/(?:^|_)(?:worst|pre|train|final)(?:_|$)/i.test(bare)) score -= 0.5;
  // Counters rise by one, settings have few values, results are broken numbers.
  const rising = values.length > 2 && values.every((value, i) => i === 0 || value >= values[i - 1]!);
  if (rising && values.every(Number.isInteger)) score -= 3;
  if (distinct <= 1 && values.length > 2) score -= 3;
  if (/^column \d+$/.test(bare) && values.some((value) => !Number.isInteger(value))) score += 0.5;
  return score + 0.5 * numbers;
}

const TEXTS = [
  'description',
  'desc',
  'change',
  'changes',
  'change description',
  'what',
  'what changed',
  'hypothesis',
  'idea',
  'experiment',
  'proposal',
  'summary',
  'notes',
  'note',
  'comment',
  'comments',
  'details',
  'message',
  'title',
  'text',
  'mutation',
  'modification',
  'tag',
  'learned',
];

function textOf(columns: readonly Content[]): string | undefined {
  const words = columns.filter(
    ({ filled, numbers, hashes, moments, name }) =>
      filled > 0 &&
      numbers < 0.5 &&
      hashes < 0.5 &&
      moments < 0.5 &&
      !/(?:path|dir|url|file|user|host|_at|tags?)$/i.test(name),
  );
  for (const name of TEXTS) {
    const found = words.find((content) => content.name.toLowerCase().replaceAll(/[_-]/g, ' ') === name);
    if (found !== undefined && !(name === 'experiment' && found.length < 4)) return found.name;
  }
  const long = words
    .filter(({ length, distinct, filled }) => length >= 12 && distinct > 0.3 * filled && filled > 0.5)
    .sort((a, b) => b.length - a.length);
  return long.find(({ name, length }) => length >= 15 && !/^(?:id|name|run|key)|(?:_id|hash)$/i.test(name))?.name;
}

/** Columns of a table without descriptions that are neither results nor about the machine are its settings. */
function isKnob({ name, filled, length, moments }: Content): boolean {
  if (filled === 0 || length > 40 || moments > 0.5) return false;
  if (/^_|path|dir$|url|user|host|tags?$|artifact|created|updated|^source|notes?$|sweep|state|commit|hash/i.test(name))
    return false;
  if (ASIDE.test(name) && !/batch|epoch|size|seq|depth|width|layers?|head/i.test(name)) return false;
  if (
    /^(?:system_attrs|user_attrs|metrics?|summary|best|final|id|name|number|run|key|tid|mode)(?:$|[_. /])/i.test(name)
  )
    return false;
  return guessDirection(name) === undefined || /lr|rate|decay|weight|dropout|warm|momentum|beta/i.test(name);
}
