/** Asking the server. Shapes are those of `study/views` and its neighbours: the same functions made them. */

import type { BetRow, MilestoneRow, Outlook } from '../../ansatz/src/study/account.ts';
import type { Burn, KeepCost, Tradeoff } from '../../ansatz/src/study/burn.ts';
import type { Band } from '../../ansatz/src/study/curves.ts';
import type { Knob } from '../../ansatz/src/study/config.ts';
import type { KnobEffect, KnobInteraction } from '../../ansatz/src/study/effects.ts';
import type { FailureGroup, NoiseGroup, Progress, RunSpan, Spending } from '../../ansatz/src/study/insight.ts';
import type { KillAudit } from '../../ansatz/src/study/audit.ts';
import type { FidelityView, ScaleForecast } from '../../ansatz/src/study/scales.ts';
import type { Versus } from '../../ansatz/src/study/versus.ts';
import type { Column, TableRow } from '../../ansatz/src/study/table.ts';
import type { Change, Result, RunRow, Status } from '../../ansatz/src/study/views.ts';

export type {
  BetRow,
  Burn,
  Change,
  Column,
  Knob,
  KnobEffect,
  MilestoneRow,
  Outlook,
  Progress,
  Result,
  RunRow,
  RunSpan,
  Status,
  TableRow,
  Versus,
};

export interface StudyBrief {
  readonly name: string;
  readonly open: boolean;
  readonly objective: Status['objective'];
  readonly phase: Status['phase'];
  readonly trials: number;
  readonly best?: Result;
  readonly gain?: Status['gain'];
  readonly ended?: Status['ended'];
}

export interface Board {
  readonly seq: number;
  readonly status: Status;
  readonly createdAt: number;
  readonly progress: Progress;
  readonly burn: readonly Burn[];
  readonly spans: readonly RunSpan[];
  readonly ideas: readonly { readonly text: string; readonly by?: string; readonly trial?: number }[];
}

export interface TrialsPage {
  readonly seq: number;
  readonly incumbent?: number;
  readonly differing: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: readonly TableRow[];
  readonly matching: number;
  readonly total: number;
}

export interface Brief {
  readonly trial: number;
  readonly state: TableRow['state'];
  readonly value?: number;
  readonly effect?: number;
  readonly hypothesis: string;
}

export interface Happening {
  readonly seq: number;
  readonly at: number;
  readonly type: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface TrialDetail {
  readonly seq: number;
  readonly row: TableRow;
  readonly objective: Status['objective'];
  readonly incumbent?: number;
  readonly runs: readonly (RunRow & {
    readonly metrics: readonly {
      readonly key: string;
      readonly count: number;
      readonly last: number | null;
      readonly source: string;
    }[];
  })[];
  readonly toBaseline: readonly Change[];
  readonly toParent: readonly Change[];
  readonly settings: { readonly argv: string; readonly edits: readonly string[] };
  readonly environment: Readonly<Record<string, string>>;
  readonly diff: string;
  readonly lineage: readonly Brief[];
  readonly children: readonly Brief[];
  readonly evidence: readonly Happening[];
  readonly family?: { readonly p: number; readonly adjusted: number };
  readonly notes: readonly {
    readonly at: number;
    readonly text?: string;
    readonly tags?: readonly string[];
    readonly by?: string;
  }[];
  readonly like: readonly { readonly id: string; readonly text: string; readonly verdict?: string }[];
}

export interface Member {
  readonly run: number;
  readonly seed: number;
  readonly status: RunRow['status'];
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly raw?: { readonly xs: readonly number[]; readonly ys: readonly number[] };
}

export interface CurvesPage {
  readonly seq: number;
  readonly metric: string;
  readonly metrics: readonly string[];
  readonly x: string;
  readonly axes: readonly string[];
  readonly direction: string;
  readonly groups: readonly {
    readonly trial: number;
    readonly verdict?: string;
    readonly incumbent: boolean;
    readonly band: Band;
    readonly members: readonly Member[];
  }[];
}

export interface SearchPage {
  readonly seq: number;
  readonly status: Pick<Status, 'objective' | 'baseline' | 'best'>;
  readonly knobs: readonly Knob[];
  readonly trials: readonly {
    readonly trial: number;
    readonly state: TableRow['state'];
    readonly value?: number;
    readonly cost: number;
    readonly point: TableRow['point'];
  }[];
  readonly effects: readonly KnobEffect[];
  readonly interactions: readonly KnobInteraction[];
  readonly tradeoffs: readonly Tradeoff[];
}

export interface Recorded {
  readonly id: string;
  readonly study: string;
  readonly text: string;
  readonly verdict?: string;
}

export interface MemoryPage {
  readonly records: number;
  readonly lessons: readonly {
    readonly id: string;
    readonly text: string;
    readonly knobs: readonly string[];
    readonly evidence: readonly string[];
    readonly support: { readonly for: number; readonly against: number };
  }[];
  readonly conflicts: readonly {
    readonly a: Recorded;
    readonly b: Recorded;
    readonly differs: readonly { readonly what: string }[];
    readonly refutes: boolean;
  }[];
  readonly avoided: readonly { readonly at: number; readonly text: string }[];
  readonly found: readonly (Recorded & { readonly score: number })[];
}

export interface LedgerPage {
  readonly seq: number;
  readonly spent: Status['spent'];
  readonly held: Status['held'];
  readonly budget: Status['budget'];
  readonly tokens?: Status['tokens'];
  readonly perKeep?: Status['perKeep'];
  readonly bets: readonly BetRow[];
  readonly people: Status['people'];
  readonly spending: Spending;
  readonly burn: readonly Burn[];
  readonly keeps: readonly KeepCost[];
  readonly failures: readonly FailureGroup[];
}

export interface ScalingPage {
  readonly seq: number;
  readonly objective: Status['objective'];
  readonly incumbent?: number;
  readonly fidelity?: FidelityView;
  /** Of a study without a fidelity, where one was asked for. */
  readonly forecast?: ScaleForecast;
  /** Knobs that could be the scale. */
  readonly numbers: readonly string[];
}

export interface KillsPage {
  readonly audit: KillAudit;
  readonly noise: readonly NoiseGroup[];
  readonly runs: readonly RunRow[];
}

/** What the server says when it says no. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly where: string | undefined;
  readonly fix: string | undefined;

  constructor(status: number, error: { code?: string; message?: string; where?: string; fix?: string }) {
    super(error.message ?? `the server answered ${status}`);
    this.status = status;
    this.code = error.code ?? 'unknown';
    this.where = error.where;
    this.fix = error.fix;
  }
}

async function answer<T>(response: Response): Promise<T> {
  const body = (await response.json().catch(() => ({}))) as { error?: object };
  if (!response.ok) throw new Refused(response.status, body.error ?? {});
  return body as T;
}

/** Read `path` under `/api`; parameters that are undefined are left out. */
export async function get<T>(
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
  signal?: AbortSignal,
): Promise<T> {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
  return answer<T>(
    await fetch(`/api${path}${search}`, { signal: signal ?? null, headers: { Accept: 'application/json' } }),
  );
}

export type Wish = Readonly<Record<string, unknown>> & { readonly do: string };

/** Ask for something; what spends or destroys comes back as a question until `sure`. */
export async function steer(
  study: string,
  wish: Wish,
  sure: boolean,
): Promise<{ readonly posted: boolean; readonly ask?: string; readonly said?: string }> {
  return answer(
    await fetch(`/api/studies/${encodeURIComponent(study)}/steer`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ wish, sure }),
    }),
  );
}
