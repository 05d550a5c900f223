/** What `ansatz.yaml` says about money and trust: guards, the reserve, bets, people, milestones, prices. */

import { closest, UserError } from '../../study/error.ts';
import type { Bet, Cap, Guard, Knob, Milestone, ModelConfig, StudyConfig } from '../../study/config.ts';
import { parseDeadline, parseDuration } from './duration.ts';
import { splitWords } from './words.ts';
import { betSchema, capSchema, type ConfigFile, fit, guardSchema, type ModelFile } from './schema.ts';
import type { Path, Source } from './source.ts';

/** Share of the budget kept for the finalists when nothing is said. */
const RESERVE = 0.05;

type Funds = Pick<
  StudyConfig,
  'guards' | 'model' | 'models' | 'sandbox' | 'reserve' | 'bets' | 'allocator' | 'people' | 'milestones'
>;

/** Everything about funds that the file says; what it does not say is absent. */
export function readFunds(given: ConfigFile, knobs: readonly Knob[], now: number, source: Source): Funds {
  const guards = entries(given.guards, ['guards'], source).map(([name, raw]) => readGuard(name, raw, source));
  const bets = entries(given.bets, ['bets'], source).map(([name, raw]) => readBet(name, raw, knobs, source));
  const floors = bets.reduce((sum, bet) => sum + (bet.floor ?? 0), 0);
  if (floors > 1 + 1e-9) {
    throw new UserError('bad-share', `the bets are promised ${percent(floors)} in all`, {
      where: source.at(['bets']),
      fix: 'lower the shares: together at most 100%',
    });
  }
  const people = entries(given.people, ['people'], source).map(
    ([name, raw]) => [name, readCap(raw, ['people', name], source)] as const,
  );
  const milestones = (given.milestones ?? []).map((one, i): Milestone => ({
    name: one.name,
    at: parseDeadline(one.at, now, source.at(['milestones', i, 'at'])),
    frozen: one.frozen ?? false,
    left: one.left === undefined ? 0 : shareOf(one.left, source.at(['milestones', i, 'left'])),
  }));
  return {
    reserve: given.reserve === undefined ? RESERVE : shareOf(given.reserve, source.at(['reserve'])),
    ...(guards.length === 0 ? {} : { guards }),
    ...readModels(given, source),
    ...sandboxOf(given),
    ...(bets.length === 0 ? {} : { bets }),
    ...(given.allocator === undefined ? {} : { allocator: given.allocator }),
    ...(people.length === 0 ? {} : { people: Object.fromEntries(people) }),
    ...(milestones.length === 0 ? {} : { milestones }),
  };
}

/** Code that nobody has read is confined unless the file says otherwise. */
function sandboxOf({ sandbox, model }: ConfigFile): Pick<StudyConfig, 'sandbox'> {
  const models = model === undefined ? [] : Array.isArray(model) ? model : [model];
  const unread = models.some(
    ({ changes, command }) => changes === 'code' || changes === 'both' || command !== undefined,
  );
  const level = sandbox ?? (unread ? 'bwrap' : undefined);
  return level === undefined ? {} : { sandbox: level };
}

/** The model, or several of different names. */
function readModels({ model }: ConfigFile, source: Source): Pick<StudyConfig, 'model' | 'models'> {
  if (model === undefined) return {};
  if (!Array.isArray(model)) return { model: readModel(model, ['model'], source) };
  const models = model.map((one, i) => readModel(one, ['model', i], source));
  models.forEach((one, i) => {
    if (models.findIndex((other) => other.model === one.model) === i) return;
    throw new UserError('bad-model', `two models are called "${one.model}"`, {
      where: source.at(['model', i]),
      why: 'what each costs and gains is kept by its name',
      fix: 'take one of them out',
    });
  });
  return models.length === 1 ? { model: models[0]! } : { model: models[0]!, models };
}

function readModel(given: ModelFile, path: Path, source: Source): ModelConfig {
  const { url, key, share, after, price, limit, command, env } = given;
  const { provider = command === undefined ? 'openai' : 'acp' } = given;
  const agent = provider === 'acp';
  const words =
    command === undefined
      ? undefined
      : typeof command === 'string'
        ? splitWords(command, source.at([...path, 'command']))
        : command;
  const model = given.model ?? words?.[0];
  if (model === undefined || agent !== (words !== undefined)) {
    throw new UserError('bad-model', agent ? 'an agent needs the command that starts it' : 'model does not say which', {
      where: source.at(path),
      fix: agent
        ? 'write  model: { command: qwen --acp }'
        : 'write for example  model: { model: qwen3-coder, url: http://localhost:11434/v1 }',
    });
  }
  const { changes = agent ? 'code' : 'knobs' } = given;
  if (url !== undefined && !/^https?:\/\//.test(url)) {
    throw new UserError('bad-url', `"${url}" is no address`, {
      where: source.at([...path, 'url']),
      fix: 'write for example  url: http://localhost:11434/v1',
    });
  }
  return {
    provider,
    model,
    ...(words === undefined ? {} : { command: words, env: env ?? {} }),
    ...(url === undefined ? {} : { url }),
    ...(key === undefined ? {} : { key }),
    share: share === undefined ? 0.3 : shareOf(share, source.at([...path, 'share'])),
    after: after ?? 10,
    changes,
    price: price ?? { input: 0, output: 0 },
    limitSeconds: limit === undefined ? (agent ? 900 : 120) : parseDuration(limit, source.at([...path, 'limit'])),
    maxOutput: given['max-output'] ?? 4000,
    maxInput: given['max-input'] ?? 16_000,
  };
}

/** The price of a device; undefined where one price holds for all. */
export function priceOf(
  price: ConfigFile['price'],
  device: string | undefined,
  source: Source,
  path: Path,
): number | undefined {
  if (typeof price !== 'object') return undefined;
  const names = Object.keys(price);
  if (device !== undefined && Object.hasOwn(price, device)) return price[device];
  const what =
    device === undefined
      ? 'the slots do not say what device they are'
      : `no price is given for the device "${device}"${closest(device, names)}`;
  throw new UserError('no-device', what, {
    where: source.at(path),
    why: `prices are given for ${names.join(', ')}`,
    fix: `write for example  slots: { count: 2, device: ${names[0] ?? 'a100'} }`,
  });
}

function entries(given: unknown, path: Path, source: Source): [string, unknown][] {
  if (given === undefined || given === null) return [];
  if (typeof given === 'object' && !Array.isArray(given)) return Object.entries(given);
  throw new UserError('wrong-type', `${path.join('.')}: expected a block of keys`, { where: source.at(path) });
}

function checked<T>(
  result: { value: T } | { misfits: Parameters<Source['mistake']>[0] },
  path: string[],
  source: Source,
): T {
  if ('misfits' in result) throw source.mistake(result.misfits, path);
  return result.value;
}

function readGuard(metric: string, raw: unknown, source: Source): Guard {
  const { up, down } = checked(fit(guardSchema, raw), ['guards', metric], source);
  const where = source.at(['guards', metric]);
  const amount = up ?? down;
  if (amount === undefined || (up !== undefined && down !== undefined)) {
    throw new UserError('bad-guard', `the guard on ${metric} must say one of up and down`, {
      where,
      fix: `write for example  ${metric}: { up: 5% }   # it may go up by 5 % of the baseline's, no further`,
    });
  }
  const relative = typeof amount === 'string' && amount.trim().endsWith('%');
  const number = relative ? Number(amount.trim().slice(0, -1)) / 100 : Number(amount);
  if (!Number.isFinite(number) || number < 0) {
    throw new UserError('bad-guard', `"${amount}" is no amount`, { where, fix: 'write for example  5%  or  0.01' });
  }
  return { metric, way: up === undefined ? 'down' : 'up', amount: number, relative };
}

function readBet(name: string, raw: unknown, knobs: readonly Knob[], source: Source): Bet {
  const given = checked(fit(betSchema, raw ?? {}), ['bets', name], source);
  const names = knobs.map((knob) => knob.name);
  for (const knob of given.knobs ?? []) {
    if (names.includes(knob)) continue;
    throw new UserError('bad-bet', `bet ${name}: "${knob}" is not a knob${closest(knob, names)}`, {
      where: source.at(['bets', name, 'knobs']),
      fix: 'use names of knobs',
    });
  }
  const range = given.share === undefined ? {} : rangeOf(given.share, source.at(['bets', name, 'share']));
  const budget = given.budget === undefined ? undefined : readCap(given.budget, ['bets', name, 'budget'], source);
  return {
    name,
    ...(given.knobs === undefined ? {} : { knobs: given.knobs }),
    ...range,
    ...(budget === undefined ? {} : { budget }),
  };
}

function readCap(raw: unknown, path: string[], source: Source): Cap {
  const { runs, device, money } = checked(fit(capSchema, raw), path, source);
  return {
    ...(runs === undefined ? {} : { runs }),
    ...(device === undefined ? {} : { deviceSeconds: parseDuration(device, source.at([...path, 'device'])) }),
    ...(money === undefined ? {} : { money }),
  };
}

/** `10%..40%`, `..40%`, `10%..`: at least and at most; a single share is both. */
export function rangeOf(given: string | number, where: string): Pick<Bet, 'floor' | 'cap'> {
  const parts = String(given).split('..');
  if (parts.length > 2) throw badShare(given, where);
  const [low, high = low] = parts.map((part) => (part.trim() === '' ? undefined : shareOf(part, where)));
  if (parts.length === 1) return { floor: low!, cap: low! };
  if (low !== undefined && high !== undefined && parts[1]!.trim() !== '' && low > high) throw badShare(given, where);
  return {
    ...(low === undefined ? {} : { floor: low }),
    ...(parts[1]!.trim() === '' || high === undefined ? {} : { cap: high }),
  };
}

/** A share in [0, 1): `5%` or 0.05. 100 % is a share as well. */
function shareOf(given: string | number, where: string): number {
  const text = String(given).trim();
  const share = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text === '' || !Number.isFinite(share) || share < 0 || share > 1) throw badShare(given, where);
  return share;
}

function badShare(given: string | number, where: string): UserError {
  return new UserError('bad-share', `"${given}" is no share`, { where, fix: 'write for example  5%  or  0.05' });
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
