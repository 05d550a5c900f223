/** The ask-tell protocol: one answer for each request, and no request that ends it but `close`. */

import type * as z from 'zod';
import { nearest } from '../../../methods/math/nearest.ts';
import { misfit, OptimizerError, unknownName } from '../../../methods/optimizer/error.ts';
import { Optimizer } from '../../../methods/optimizer/index.ts';
import { samplers } from '../../../methods/sampling/index.ts';
import { SpaceError, toSpace } from '../../../methods/space/index.ts';
import { version } from '../version.ts';
import { parse } from './json.ts';
import { requests } from './requests.ts';

/** Longest text in an error, in characters. */
const LONGEST = 400;

/** Names that configurations of other tools have for our samplers. */
const ALSO: Readonly<Record<string, string>> = { qmc: 'sobol', bayes: 'gp' };

/** Options of the optimizer by the names they have in `create`. */
const NAMES: Readonly<Record<string, string>> = {
  minResource: 'min_resource',
  maxResource: 'max_resource',
  budgetSteps: 'budget_steps',
  budgetTrials: 'budget_trials',
};

type Name = keyof typeof requests;
type Fields<N extends Name> = z.output<(typeof requests)[N]>;
type Json = Readonly<Record<string, unknown>>;

/** A conversation with one program: a study at a time, in memory. */
export class Conversation {
  #optimizer: Optimizer | undefined;
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
    switch (cmd as Name) {
      case 'create':
        return this.#create(request);
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
    const options = {
      space: toSpace(fields.space, fields.constraints ?? []),
      direction: fields.direction ?? undefined,
      seed: fields.seed ?? undefined,
      sampler: samplerOf(fields.sampler ?? undefined),
      pause: fields.pause ?? undefined,
      minResource: fields.min_resource ?? undefined,
      maxResource: fields.max_resource ?? undefined,
      workers: fields.workers ?? undefined,
      budgetSteps: fields.budget_steps ?? undefined,
      budgetTrials: fields.budget_trials ?? undefined,
    };
    this.#optimizer = new Optimizer(options as ConstructorParameters<typeof Optimizer>[0]);
    const known = Object.keys(requests.create.shape);
    const ignored = Object.keys(request).filter((key) => key !== 'cmd' && !known.includes(key));
    return { ok: true, name: `ansatz ${version()}`, ...(ignored.length === 0 ? {} : { ignored }) };
  }

  #study(cmd: Name): Optimizer {
    if (this.#optimizer !== undefined) return this.#optimizer;
    throw new OptimizerError(cmd, 'came before create', 'send {"cmd": "create", "space": [...]} first');
  }
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
function fieldsOf<N extends Name>(cmd: N, request: Json): Fields<N> {
  const read = requests[cmd].safeParse(request);
  if (read.success) return read.data as Fields<N>;
  const { path, message } = read.error.issues[0]!;
  const given = path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    request,
  );
  const known = Object.keys(requests[cmd].shape);
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
