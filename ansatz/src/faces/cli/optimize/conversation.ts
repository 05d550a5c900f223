/** The ask-tell protocol: one answer for each request, and no request that ends it but `close`. */

import type * as z from 'zod';
import { nearest } from '../../../methods/math/nearest.ts';
import { misfit, OptimizerError, unknownName } from '../../../methods/optimizer/error.ts';
import { FrontOptimizer, Optimizer, type Outcomes } from '../../../methods/optimizer/index.ts';
import { samplers } from '../../../methods/sampling/index.ts';
import { SpaceError, toSpace } from '../../../methods/space/index.ts';
import { version } from '../version.ts';
import { parse } from './json.ts';
import { frontRequests, requests } from './requests.ts';

/** Longest text in an error, in characters. */
const LONGEST = 400;

/** Names that configurations of other tools have for our samplers. */
const ALSO: Readonly<Record<string, string>> = { qmc: 'sobol', bayes: 'gp', nsgaii: 'nsga2', nsgaiii: 'nsga2' };

/** Options of the optimizer by the names they have in `create`. */
const NAMES: Readonly<Record<string, string>> = {
  minResource: 'min_resource',
  maxResource: 'max_resource',
  budgetSteps: 'budget_steps',
  budgetTrials: 'budget_trials',
};

type Name = keyof typeof requests;
type Fields<S extends z.ZodType> = z.output<S>;
type Json = Readonly<Record<string, unknown>>;

/** A conversation with one program: a study at a time, in memory. */
export class Conversation {
  #optimizer: Optimizer | undefined;
  /** Instead of that one where trials have several values. */
  #fronts: FrontOptimizer | undefined;
  #closed = false;

  /** Whether `close` was asked for. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The answer to a line, as a line. Never throws; an answer with `error` says that nothing has changed. */
  answer(line: string): string {
    try {
      return JSON.stringify(this.#reply(line));
    } catch (error) {
      const { what, fix } = complaint(error);
      return JSON.stringify({ error: clipped(what), fix: clipped(fix) });
    }
  }

  #reply(line: string): Json {
    const request = objectOf(line);
    const { cmd } = request;
    if (typeof cmd !== 'string' || !Object.hasOwn(requests, cmd)) throw unknownName('cmd', cmd, Object.keys(requests));
    if (cmd === 'create') return this.#create(request);
    if (this.#fronts !== undefined && cmd !== 'close') return answerFront(this.#fronts, cmd as Name, request);
    switch (cmd as Exclude<Name, 'create'>) {
      case 'ask': {
        const { id, ...rest } = this.#study('ask').ask((fieldsOf('ask', request).params ?? undefined) as undefined);
        return { id: id ?? null, ...rest };
      }
      case 'report': {
        const { id, step, value } = fieldsOf('report', request);
        const advice = this.#study('report').report(id, step, value ?? NaN);
        return advice === 'continue' ? {} : advice === 'pause' ? { pause: true } : { prune: true };
      }
      case 'tell': {
        const { id, value, state, cost } = fieldsOf('tell', request);
        const told = (state ?? 'complete') as 'complete';
        if (value === undefined && told === 'complete')
          refuseMisspelt('value', request, ['cmd', 'id', 'state', 'cost']);
        const counted = this.#study('tell').tell(
          id,
          value === null ? NaN : value,
          told,
          (cost ?? undefined) as undefined,
        );
        return counted === told ? { ok: true } : { ok: true, state: counted };
      }
      case 'observe': {
        const { trials } = fieldsOf('observe', request);
        this.#study('observe').observe(
          trials.map(({ params, value, study, cost }) => ({
            params: params as never,
            value: value ?? NaN,
            ...(typeof study === 'string' ? { study } : {}),
            ...(cost === undefined || cost === null ? {} : { cost: cost as number }),
          })),
        );
        return { ok: true };
      }
      case 'best':
        return this.#study('best').best() ?? { id: null };
      case 'close':
        this.#closed = true;
        return { ok: true };
    }
  }

  #create(request: Json): Json {
    const fields = fieldsOf('create', request);
    const common = {
      space: toSpace(fields.space, fields.constraints ?? []),
      seed: fields.seed ?? undefined,
      sampler: samplerOf(fields.sampler ?? undefined),
    };
    const known = Object.keys(requests.create.shape);
    const ignored = Object.keys(request).filter((key) => key !== 'cmd' && !known.includes(key));
    const answer = { ok: true, name: `ansatz ${version()}`, ...(ignored.length === 0 ? {} : { ignored }) };
    const directions = fields.directions ?? undefined;
    if (directions !== undefined) {
      if (fields.direction !== undefined && fields.direction !== null)
        throw new OptimizerError('direction', 'stands beside "directions"', 'send one of them');
      if (typeof fields.max_resource === 'number' && fields.max_resource > 1)
        throw new OptimizerError(
          'max_resource',
          `is ${fields.max_resource}, and trials with several values have no curve`,
          'leave it out, or send one "direction"',
        );
      this.#fronts = new FrontOptimizer({ ...common, directions } as ConstructorParameters<typeof FrontOptimizer>[0]);
      this.#optimizer = undefined;
      return answer;
    }
    const options = {
      ...common,
      direction: fields.direction ?? undefined,
      pause: fields.pause ?? undefined,
      minResource: fields.min_resource ?? undefined,
      maxResource: fields.max_resource ?? undefined,
      workers: fields.workers ?? undefined,
      budgetSteps: fields.budget_steps ?? undefined,
      budgetTrials: fields.budget_trials ?? undefined,
    };
    this.#optimizer = new Optimizer(options as ConstructorParameters<typeof Optimizer>[0]);
    this.#fronts = undefined;
    return answer;
  }

  #study(cmd: Name): Optimizer {
    if (this.#optimizer !== undefined) return this.#optimizer;
    throw new OptimizerError(cmd, 'came before create', 'send {"cmd": "create", "space": [...]} first');
  }
}

/** Requests about trials with several values. */
function answerFront(search: FrontOptimizer, cmd: Name, request: Json): Json {
  if (cmd === 'ask') return { ...search.ask((fieldsOf('ask', request).params ?? undefined) as undefined) };
  if (cmd === 'best') return { front: search.front() };
  if (cmd === 'tell') {
    const { id, state, ...told } = checked(frontRequests.tell, request);
    if (state !== undefined && state !== null && state !== 'complete' && state !== 'failed')
      throw unknownName('state', state, ['complete', 'failed']);
    if (told.values === undefined && state !== 'failed')
      refuseMisspelt('values', request, ['cmd', 'id', 'violations', 'cost', 'state']);
    const counted = search.tell(id, state === 'failed' ? undefined : outcomesOf(told));
    return counted === (state ?? 'complete') ? { ok: true } : { ok: true, state: counted };
  }
  if (cmd === 'observe') {
    const { trials } = checked(frontRequests.observe, request);
    search.observe(
      trials.map(({ params, ...told }) => ({ params: params as never, ...(outcomesOf(told) ?? { values: [] }) })),
    );
    return { ok: true };
  }
  throw new OptimizerError('report', 'is for trials with curves', 'tell the trial when it has ended');
}

/** Undefined without values: the trial has failed. */
function outcomesOf({ values, violations, cost }: Json): Outcomes | undefined {
  if (values === undefined || values === null) return undefined;
  const numbers = (list: unknown): number[] => (list as (number | null)[]).map((one) => one ?? NaN);
  return {
    values: numbers(values),
    ...(violations === undefined || violations === null ? {} : { violations: numbers(violations) }),
    ...(cost === undefined || cost === null ? {} : { cost: cost as number }),
  };
}

function objectOf(line: string): Json {
  let request: unknown;
  try {
    request = parse(line.trim());
  } catch (error) {
    throw new OptimizerError('the line', `is not JSON: ${(error as Error).message}`, 'send one object on a line');
  }
  if (typeof request === 'object' && request !== null && !Array.isArray(request)) return request as Json;
  throw misfit('the request', request, 'an object, such as {"cmd": "ask"}');
}

/** The fields of a request, checked. */
function fieldsOf<N extends Name>(cmd: N, request: Json): Fields<(typeof requests)[N]> {
  return checked(requests[cmd], request);
}

function checked<S extends z.ZodObject>(schema: S, request: Json): Fields<S> {
  const read = schema.safeParse(request);
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  const given = path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    request,
  );
  const known = Object.keys(schema.shape);
  if (given === undefined && path.length === 1) refuseMisspelt(String(path[0]), request, ['cmd', ...known]);
  const where = path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`));
  throw misfit(where.join(''), given, message);
}

/** A missing field, and one nobody asked for that is almost called like it. */
function refuseMisspelt(name: string, request: Json, known: readonly string[]): void {
  const near = Object.keys(request).find((key) => !known.includes(key) && nearest(key, [name]) !== undefined);
  if (near !== undefined) throw new OptimizerError(name, `is missing; there is "${near}"`, `write "${name}"`);
}

/** The sampler's own name for what a person or another tool calls it: `TPESampler` is tpe. */
function samplerOf(given: unknown): unknown {
  if (typeof given !== 'string') return given;
  const plain = given
    .toLowerCase()
    .replace(/sampler$/, '')
    .replaceAll(/[-_ ]/g, '');
  if (Object.hasOwn(ALSO, plain)) return ALSO[plain];
  return Object.keys(samplers).find((name) => name.replaceAll(/[-_]/g, '') === plain) ?? given;
}

function complaint(error: unknown): { readonly what: string; readonly fix: string } {
  if (error instanceof OptimizerError)
    return { what: `${NAMES[error.where] ?? error.where} ${error.what}`, fix: error.fix };
  if (error instanceof SpaceError) return { what: error.message, fix: error.fix };
  const text = error instanceof Error ? error.message : String(error);
  return { what: `this is a bug of ansatz: ${text}`, fix: 'please report it with the requests up to here' };
}

function clipped(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
