/** The shape of `ansatz.yaml`: which keys there are and what kind of value each takes. Meaning is checked in `read.ts`. */

import { z } from 'zod';
import { allocators } from '../../methods/bets/index.ts';

const positive = z.number().positive();
const count = z.int().positive();
const duration = z.union([z.string(), z.number()]);
/** A share (`5%`, 0.05), a range of shares (`10%..40%`), or an amount: read by `funds.ts`. */
const share = z.union([z.string(), z.number()]);
const value = z.union([z.number(), z.string(), z.boolean()]);
const words = z.union([z.string(), z.array(z.union([z.string(), z.number()]).transform(String))]);

/** One knob; which of its keys go together depends on `choices`. */
export const knobSchema = z.strictObject({
  from: z.number().optional(),
  to: z.number().optional(),
  scale: z.enum(['linear', 'log']).optional(),
  type: z.enum(['float', 'int', 'choice']).optional(),
  int: z.boolean().optional(),
  step: positive.optional(),
  choices: z.array(value).optional(),
  ordered: z.boolean().optional(),
  default: value.optional(),
  fixed: value.optional(),
  when: z.string().optional(),
  guess: value.optional(),
  prior: z.strictObject({ value, width: positive.optional(), strength: positive.optional() }).optional(),
  via: z.string().optional(),
});

/** Value of one environment variable. */
export const variableSchema = value.transform(String);

const slotsSchema = z.strictObject({
  count: count.optional(),
  threads: z.int().nonnegative().optional(),
  gpus: z
    .union([z.int().nonnegative(), z.array(z.union([z.int().nonnegative(), z.string().min(1)]).transform(String))])
    .optional(),
  cpus: count.optional(),
  device: z.string().min(1).optional(),
});

/** How far a metric may go one way. */
export const guardSchema = z.strictObject({ up: share.optional(), down: share.optional() });

/** What a bet or a person may spend. */
export const capSchema = z.strictObject({
  runs: count.optional(),
  device: duration.optional(),
  money: positive.optional(),
});

export const betSchema = z.strictObject({
  knobs: z.array(z.string()).min(1).optional(),
  share: share.optional(),
  budget: capSchema.optional(),
});

/** Values of a setting that moves along with the scale: one for each level. */
export const alongSchema = z.union([
  z.array(value).min(1),
  z.strictObject({ values: z.array(value).min(1), via: z.string().optional() }),
]);

/** What makes runs bigger. */
const fidelitySchema = z.strictObject({
  knob: z.string().min(1),
  via: z.string().optional(),
  levels: z.array(positive).min(1),
  base: positive.optional(),
  target: positive,
  along: z.unknown().optional(),
  share: share.optional(),
});

const milestoneSchema = z.strictObject({
  name: z.string().min(1),
  at: z.string(),
  frozen: z.boolean().optional(),
  left: share.optional(),
});

/** A language model, or a coding agent. */
const modelSchema = z.strictObject({
  provider: z.enum(['openai', 'anthropic', 'google', 'acp']).optional(),
  model: z.string().min(1).optional(),
  command: words.optional(),
  env: z.record(z.string(), value.transform(String)).optional(),
  url: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
  share: share.optional(),
  after: z.int().nonnegative().optional(),
  changes: z.enum(['knobs', 'code', 'both']).optional(),
  price: z.strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() }).optional(),
  limit: duration.optional(),
  'max-output': count.optional(),
  'max-input': count.optional(),
});

/** The whole file. Entries of `knobs` and `run.env` are named by the user and checked one by one. */
export const fileSchema = z.strictObject({
  name: z.string().min(1).optional(),
  command: words,
  metric: z.union([
    z.string().min(1),
    z.strictObject({
      name: z.string().min(1),
      direction: z.enum(['minimize', 'maximize']).optional(),
      value: z.enum(['last', 'best']).optional(),
      'min-effect': z.number().nonnegative().optional(),
      examples: count.optional(),
    }),
  ]),
  direction: z.enum(['minimize', 'maximize']).optional(),
  curve: z
    .union([
      z.string().min(1),
      z.strictObject({ name: z.string().min(1), direction: z.enum(['minimize', 'maximize']).optional() }),
    ])
    .optional(),
  budget: z
    .strictObject({
      runs: count.optional(),
      wall: duration.optional(),
      device: duration.optional(),
      money: positive.optional(),
    })
    .optional(),
  deadline: z.string().optional(),
  price: z.union([z.number().nonnegative(), z.record(z.string(), z.number().nonnegative())]).optional(),
  slots: z.union([count, slotsSchema, z.array(slotsSchema).min(1)]).optional(),
  fidelity: fidelitySchema.optional(),
  guards: z.unknown().optional(),
  model: z.union([modelSchema, z.array(modelSchema).min(1)]).optional(),
  sandbox: z.enum(['bwrap', 'none']).optional(),
  secrets: z.array(z.string().min(1)).optional(),
  evaluate: words.optional(),
  heldout: words.optional(),
  artifacts: z.array(z.string().min(1)).min(1).optional(),
  code: z
    .strictObject({
      editable: z.array(z.string().min(1)).optional(),
      protected: z.array(z.string().min(1)).optional(),
      smoke: duration.optional(),
    })
    .optional(),
  reserve: share.optional(),
  bets: z.unknown().optional(),
  allocator: z.enum(Object.keys(allocators) as [keyof typeof allocators]).optional(),
  people: z.unknown().optional(),
  milestones: z.array(milestoneSchema).optional(),
  run: z
    .strictObject({
      limit: duration.optional(),
      grace: duration.optional(),
      workspace: z.enum(['copy', 'inplace']).optional(),
      env: z.unknown().optional(),
    })
    .optional(),
  knobs: z.unknown().optional(),
  seed: z.union([z.string(), z.strictObject({ via: z.string() })]).optional(),
  constraints: z.array(z.string()).optional(),
  repeats: z.strictObject({ baseline: count.optional(), most: count.optional() }).optional(),
  memory: z
    .strictObject({
      reuse: z.enum(['off', 'first', 'all']).optional(),
      embed: z
        .strictObject({
          provider: z.enum(['openai', 'google']).optional(),
          model: z.string().min(1),
          url: z.string().optional(),
          key: z.string().optional(),
          price: z.number().nonnegative().optional(),
          limit: duration.optional(),
          'max-tokens': count.optional(),
        })
        .optional(),
    })
    .optional(),
  warmstart: z.enum(['auto', 'off']).optional(),
  sampler: z.enum(['auto', 'random', 'sobol', 'tpe', 'gp', 'cmaes']).optional(),
  pruner: z.enum(['auto', 'forecast', 'median', 'asha', 'halving', 'hyperband', 'freeze-thaw', 'none']).optional(),
  pause: z.enum(['auto', 'never']).optional(),
  capture: z
    .strictObject({
      files: z
        .array(
          z.union([
            z.string(),
            z.strictObject({ path: z.string(), format: z.enum(['json', 'jsonl', 'csv', 'tensorboard']).optional() }),
          ]),
        )
        .optional(),
      pattern: z.string().optional(),
    })
    .optional(),
  'random-seed': z.int().nonnegative().optional(),
});

/** A file of the right shape, before its meaning is checked. */
export type ConfigFile = z.output<typeof fileSchema>;
export type KnobFile = z.output<typeof knobSchema>;

/** What is wrong with a value, as one sentence, and the names that would have been right. */
export interface Misfit {
  readonly path: readonly (string | number)[];
  readonly kind: 'unknown-key' | 'missing-key' | 'wrong-type';
  readonly message: string;
  /** For an unknown key: the key itself and all that are known at that place. */
  readonly key?: string;
  readonly known: readonly string[];
}

/** The value with defaults of the schema, or every misfit in the order of the schema. */
export function fit<S extends z.ZodType>(schema: S, given: unknown): { value: z.output<S> } | { misfits: Misfit[] } {
  const result = schema.safeParse(given);
  if (result.success) return { value: result.data };
  const misfits = result.error.issues.flatMap((issue) => misfitsOf(issue, [], schema));
  return {
    misfits: misfits.map((misfit) =>
      misfit.kind === 'wrong-type' && valueAt(given, misfit.path) === undefined
        ? { ...misfit, kind: 'missing-key', message: 'is missing' }
        : misfit,
    ),
  };
}

function misfitsOf(issue: z.core.$ZodIssue, before: readonly (string | number)[], schema: z.ZodType): Misfit[] {
  const path = [...before, ...issue.path.map((key) => (typeof key === 'number' ? key : String(key)))];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({ path, key, known, kind: 'unknown-key', message: `unknown key "${key}"` }));
  }
  if (issue.code === 'invalid_union') {
    // The branch that got furthest into the value is the one that was meant.
    const deep = issue.errors.find((branch) =>
      branch.every((inner) => inner.path.length > 0 || inner.code !== 'invalid_type'),
    );
    if (deep !== undefined) return deep.flatMap((inner) => misfitsOf(inner, path, schema));
    const wanted = issue.errors.flatMap((branch) => branch.map(wantedOf));
    return [{ path, kind: 'wrong-type', known: [], message: `expected ${[...new Set(wanted)].join(' or ')}` }];
  }
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String);
    return [{ path, kind: 'wrong-type', known, message: `expected ${known.join(' or ')}` }];
  }
  return [{ path, kind: 'wrong-type', known: [], message: `expected ${wantedOf(issue)}` }];
}

function wantedOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map(String).join(' or ');
  if (issue.code === 'too_small') {
    if (issue.origin !== 'number' && issue.origin !== 'int') return 'something that is not empty';
    return issue.inclusive ? `a number of at least ${issue.minimum}` : `a number above ${issue.minimum}`;
  }
  if (issue.code !== 'invalid_type') return issue.message.toLowerCase();
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a block of keys',
  };
  return names[issue.expected] ?? issue.expected;
}

function valueAt(given: unknown, path: readonly (string | number)[]): unknown {
  let reached = given;
  for (const key of path) {
    if (typeof reached !== 'object' || reached === null || !Object.hasOwn(reached, key)) return undefined;
    reached = (reached as Record<string | number, unknown>)[key];
  }
  return reached;
}

/** Names an object of the schema at this path knows. */
function keysAt(schema: z.ZodType, path: readonly (string | number)[]): string[] {
  let reached: z.ZodType[] = [schema];
  for (const key of path) {
    reached = reached.flatMap(unwrap).flatMap((inner) => {
      if (inner instanceof z.ZodArray) return [inner.element as z.ZodType];
      if (!(inner instanceof z.ZodObject)) return [];
      const next = (inner.shape as Record<string, z.ZodType>)[key];
      return next === undefined ? [] : [next];
    });
  }
  return reached.flatMap(unwrap).flatMap((inner) => (inner instanceof z.ZodObject ? Object.keys(inner.shape) : []));
}

function unwrap(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => unwrap(option as z.ZodType));
  return [schema];
}
export type ModelFile = z.output<typeof modelSchema>;
