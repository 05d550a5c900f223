/** What a study is asked to do: the user's configuration with every default filled in and every unit made explicit. */

import type { allocators } from '../methods/bets/index.ts';
import type { Domain, Prior, Value } from '../methods/space/space.ts';

/** How a value reaches the script. The script itself is never edited in place. */
export type Delivery =
  /** `--lr 0.1`, `--lr=0.1`, or for booleans `--amp` / nothing (or `off` when the script has a negative form). */
  | { readonly by: 'flag'; readonly flag: string; readonly style: 'space' | 'equals' | 'switch'; readonly off?: string }
  /** A bare `key=value` argument: Hydra, OmegaConf. */
  | { readonly by: 'override'; readonly key: string }
  | { readonly by: 'env'; readonly variable: string }
  /** A leaf of a YAML, JSON or TOML file, patched in the run's private copy. */
  | { readonly by: 'file'; readonly file: string; readonly path: readonly string[] }
  /** A constant in source (`LR`, or `Config.lr` inside a class), patched in the run's private copy. */
  | { readonly by: 'constant'; readonly file: string; readonly name: string };

/** A parameter of the script and the way its value gets there. Plain data: a configuration is written into journals. */
export type Knob = Domain & {
  readonly via: Delivery;
  /** Expression over other knobs; where it does not hold the knob is left to the script. */
  readonly when?: string;
  readonly prior?: Prior;
};

export type Direction = 'minimize' | 'maximize';

export interface Objective {
  /** Name of the metric as the script prints it. */
  readonly metric: string;
  readonly direction: Direction;
  /** Which point of a run's curve is its result. */
  readonly value: 'last' | 'best';
  /** The metric is a share (or a percentage) of this many examples, so it has a sampling error of its own. */
  readonly examples?: number;
}

/** A metric of the training stream that stands in for the result while a run trains: for stopping alone. */
export interface StandIn {
  readonly metric: string;
  readonly direction: Direction;
}

/** A limit on another metric: a trial that goes beyond it is not kept, whatever it gains. */
export interface Guard {
  /** Metric as the script prints it, or `memory` (peak bytes) or `seconds` (wall time of a run). */
  readonly metric: string;
  /** The way it must not go. */
  readonly way: 'up' | 'down';
  /** By how much it may, against the baseline: in its own unit, or as a share of the baseline's. */
  readonly amount: number;
  readonly relative: boolean;
}

/** What may be spent; an absent field is not limited. */
export interface Budget {
  readonly runs?: number;
  /** Seconds during which a lab works on the study. */
  readonly wallSeconds?: number;
  /** Devices × seconds, summed over runs. */
  readonly deviceSeconds?: number;
  readonly money?: number;
}

export interface Slot {
  /** CPU numbers the run is bound to (`taskset`), or empty for no binding. */
  readonly cpus: readonly number[];
  /** GPU indexes or UUIDs it may see, or empty. */
  readonly gpus: readonly string[];
  /** Value of OMP_NUM_THREADS and its kin; 0 leaves them alone. */
  readonly threads: number;
  /** What kind of device it is, as prices name it. */
  readonly device?: string;
  /** Money per device-hour; that of the study when absent. */
  readonly price?: number;
}

/** What one line of enquiry or one person may spend; an absent field is not limited. */
export type Cap = Pick<Budget, 'runs' | 'deviceSeconds' | 'money'>;

/** A line of enquiry that competes with the others for compute. */
export interface Bet {
  readonly name: string;
  /** The knobs it turns; the others stay as the incumbent has them. Absent = all. */
  readonly knobs?: readonly string[];
  /** Shares of what is spent that it gets at least and at most, in [0, 1]. */
  readonly floor?: number;
  readonly cap?: number;
  readonly budget?: Cap;
}

/** A day by which something must be so. */
export interface Milestone {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The search is over by then and its result replicated. */
  readonly frozen: boolean;
  /** Share of every budget that must be left then, in [0, 1). */
  readonly left: number;
}

/** What sets how big a run is, how big runs are made, and how big a one the answer is wanted for. */
export interface Fidelity {
  /** Name of the setting forecasts are over: steps, width, tokens. No sampler turns it. */
  readonly knob: string;
  readonly via: Delivery;
  /** Values it is run at, rising; three at least. */
  readonly levels: readonly number[];
  /** The one of them at which trials are run and judged: verdicts compare like with like. */
  readonly base: number;
  /** Where the answer is wanted. The lab never runs it. */
  readonly target: number;
  /** Settings that move along: one value for each level. */
  readonly along: readonly { readonly name: string; readonly via: Delivery; readonly values: readonly Value[] }[];
  /** Shares of all spending that runs at other levels get at least, and at most, in [0, 1]. */
  readonly floor: number;
  readonly cap: number;
}

/** What may change while a study is on: it says how the work is paid for and shared, not what is asked. */
export const AMENDABLE = [
  'price',
  'repeats',
  'reserve',
  'bets',
  'allocator',
  'people',
  'milestones',
  'fidelity',
  'model',
  'models',
  'sandbox',
  'secrets',
  'memory',
] as const;

export type Amendment = Partial<Pick<StudyConfig, (typeof AMENDABLE)[number]>>;

/** A language model that proposes beside the sampler. */
export interface ModelConfig {
  /** `openai` stands for everything that speaks its protocol: Ollama, vLLM, LM Studio, most gateways. */
  readonly provider: 'openai' | 'anthropic' | 'google' | 'acp';
  readonly model: string;
  /** For `acp`: the coding agent, a command that speaks the Agent Client Protocol, and variables for it. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Base address of the server, when it is not the provider's own. */
  readonly url?: string;
  /** Name of the environment variable that holds the key. */
  readonly key?: string;
  /** Share of the proposals it makes, from the `after`-th trial on. */
  readonly share: number;
  readonly after: number;
  /** What it may change. */
  readonly changes: 'knobs' | 'code' | 'both';
  /** Money per million tokens. */
  readonly price: { readonly input: number; readonly output: number };
  /** Most seconds and most tokens of one answer. */
  readonly limitSeconds: number;
  readonly maxOutput: number;
  /** Tokens that a question may have: what is remembered is cut to fit. */
  readonly maxInput: number;
}

/** An embedding model: what is remembered is found by meaning too. */
export interface EmbedConfig {
  readonly provider: 'openai' | 'google';
  readonly model: string;
  readonly url?: string;
  /** Name of the environment variable that holds the key. */
  readonly key?: string;
  /** Money per million tokens. */
  readonly price: number;
  /** Most seconds of one answer, and most tokens that one request of a model may have embedded. */
  readonly limitSeconds: number;
  readonly maxTokens: number;
}

/** A file the script writes metrics to, besides its output streams. Paths are relative to the script's folder. */
export interface MetricFile {
  readonly path: string;
  readonly format: 'json' | 'jsonl' | 'csv' | 'tensorboard';
}

export interface StudyConfig {
  readonly name: string;
  /** Program and arguments; no shell is involved. */
  readonly command: readonly string[];
  /** Absolute folder the command runs in (or the original of its private copy). */
  readonly folder: string;
  readonly objective: Objective;
  readonly knobs: readonly Knob[];
  /** Expressions over knob names that a point must satisfy. */
  readonly constraints: readonly string[];
  /** Where the seed of a repeat goes; absent when the script has no seed knob. */
  readonly seed?: Delivery;
  readonly budget: Budget;
  /** Milliseconds since 1970. */
  readonly deadline?: number;
  /** Money per device-hour, the dearest where devices differ; 0 when not priced. */
  readonly price: number;
  readonly slots: readonly Slot[];
  readonly run: {
    /** Wall limit of one run; absent = learned from the runs so far. */
    readonly limitSeconds?: number;
    /** Time between the polite signal and the hard one. */
    readonly graceSeconds: number;
    readonly env: Readonly<Record<string, string>>;
    /** `copy` runs in a private copy of the folder, `inplace` in the folder itself. */
    readonly workspace: 'copy' | 'inplace';
  };
  readonly repeats: {
    /** Runs of the baseline that measure the noise floor. */
    readonly baseline: number;
    /** It gets up to this many where the budget is large enough; as many as `baseline` when absent. */
    readonly baselineMost?: number;
    /** Most runs of one trial. */
    readonly most: number;
  };
  /** Smallest improvement worth keeping, in the metric's own unit; 0 = any that is real. */
  readonly minEffect: number;
  readonly guards?: readonly Guard[];
  /** What makes runs bigger, for a forecast of one that is too big to be tried; absent = all runs are alike. */
  readonly fidelity?: Fidelity;
  /** What the curve of a run is of, where it is not the objective itself. */
  readonly curve?: StandIn;
  /** Program and arguments that judge what a run leaves behind: with it, nothing a script prints itself is a result. */
  readonly evaluate?: readonly string[];
  /** The same on data that no decision rests on: asked once for each trial that is kept, for people alone. */
  readonly heldout?: readonly string[];
  /** Globs of what a run leaves behind for both of them. */
  readonly artifacts?: readonly string[];
  /** Globs of files that a change of code may touch, and may not; seconds that code nobody has read is tried for first. */
  readonly code?: {
    readonly editable?: readonly string[];
    readonly protected?: readonly string[];
    readonly smokeSeconds?: number;
  };
  /** Share of the budget kept for the finalists: the incumbent is run again after the search. Absent = none. */
  readonly reserve?: number;
  /** Lines of enquiry; absent = a single one over all knobs. */
  readonly bets?: readonly Bet[];
  /** How compute is shared among them. */
  readonly allocator?: keyof typeof allocators;
  /** A language model that proposes; absent = none. */
  readonly model?: ModelConfig;
  /** All models, when there are several that requests are shared among; `model` is the first, whose share and start count for all. */
  readonly models?: readonly ModelConfig[];
  /** How runs are confined; code that a model wrote runs unconfined only where `none` was written down. */
  readonly sandbox?: 'bwrap' | 'none';
  /** Files with secrets (`.env` and its kin) that confined runs may read all the same, by their paths in the project. */
  readonly secrets?: readonly string[];
  /** What each person may spend on ideas of their own. */
  readonly people?: Readonly<Record<string, Cap>>;
  readonly milestones?: readonly Milestone[];
  /** Which runs are taken over from earlier studies where nothing differs: none, first runs of trials (when absent), the baseline's as well. */
  readonly memory?: {
    readonly reuse?: 'off' | 'first' | 'all';
    /** What finds records that are near in meaning, for what a model or an agent is told; absent = words alone do. */
    readonly embed?: EmbedConfig;
  };
  /** `off`: a study begins knowing nothing of earlier ones of its project. */
  readonly warmstart?: 'off';
  readonly sampler: 'auto' | 'random' | 'sobol' | 'tpe' | 'gp' | 'cmaes';
  readonly pruner: 'auto' | 'forecast' | 'median' | 'asha' | 'none' | 'halving' | 'hyperband' | 'freeze-thaw';
  /** Whether a run may be paused where the executor can and memory allows. */
  readonly pause: 'auto' | 'never';
  readonly capture: {
    readonly files: readonly MetricFile[];
    /** Regular expression with groups `key`, `value` and optionally `step`, for output no grammar fits. */
    readonly pattern?: string;
  };
  /** Seed of the lab's own randomness: same seed, same proposals. */
  readonly seedNumber: number;
}
