import { describe, expect, test } from 'vitest';
import { simpleConfig } from '../study/config.fixture.ts';
import type { ModelConfig } from '../study/config.ts';
import type { CodeRef, EventBody, FailReason, Operator } from '../study/events/index.ts';
import { recordOf } from '../study/memory/index.ts';
import { lineageOf, partsOf, repairsOf } from '../study/lineage.ts';
import { reduce } from '../study/reduce.ts';
import { type State, trialOf } from '../study/state.ts';
import { nextTask, type Task } from './operators.ts';
import { assignmentOf } from './researcher/assignment.ts';

const MODEL: ModelConfig = {
  provider: 'openai',
  model: 'm',
  share: 0.5,
  after: 0,
  changes: 'both',
  price: { input: 0, output: 0 },
  limitSeconds: 60,
  maxOutput: 1000,
  maxInput: 8000,
};

const code = (tree: string, ...files: string[]): CodeRef => ({
  commit: tree,
  tree,
  files: files.length > 0 ? files : ['a.py'],
});

/** A study of which one says what happened, with its baseline judged. */
class Story {
  state: State;
  private at = 0;

  constructor(changes: Partial<ModelConfig> = {}) {
    const config = simpleConfig({ model: { ...MODEL, ...changes } });
    this.state = reduce(undefined, { type: 'study.created', config, baseline: { lr: 0.001, hidden: 16 }, at: 0 });
    this.happen({ type: 'lab.opened', host: 'h', pid: 1, version: '0', slots: config.slots });
    for (const value of [1, 1.01, 0.99]) this.run(1, { value });
    this.judge(1, 'keep');
  }

  happen(body: EventBody): void {
    this.state = reduce(this.state, { ...body, at: (this.at += 1000) });
  }

  run(trial: number, how: { readonly value: number } | { readonly reason: FailReason }): void {
    const run = this.state.runs.length + 1;
    const hold = { runs: 1, deviceSeconds: 10, money: 0 };
    this.happen({
      type: 'run.started',
      run,
      trial,
      repeat: trialOf(this.state, trial).runs.length,
      seed: run,
      slot: 0,
      limitSeconds: 5,
      hold,
    });
    const ended =
      'value' in how
        ? { status: 'done' as const, ...how }
        : { status: 'failed' as const, ...how, text: 'boom', tail: ['x', 'boom'] };
    this.happen({
      type: 'run.ended',
      run,
      seconds: 1,
      charge: { runs: 1, deviceSeconds: 1, money: 0 },
      exit: 1,
      ...ended,
    });
  }

  judge(trial: number, verdict: 'keep' | 'crash' | 'inconclusive' | 'discard', effect?: number): void {
    this.happen({
      type: 'trial.judged',
      trial,
      verdict,
      why: 'so',
      ...(effect === undefined ? {} : { effect, shrunk: effect }),
    });
  }

  /** Ask for the next task, and say what came of it: a trial, or nothing. */
  ask(answer?: {
    readonly lr?: number;
    readonly code?: CodeRef;
    readonly parent?: number;
  }): Task & { readonly trial: number } {
    const task = nextTask(this.state);
    const ask = this.state.asks + 1;
    this.happen({ type: 'proposal.asked', ask, researcher: 'model', ...task });
    const trial = this.state.trials.length + 1;
    if (answer === undefined) {
      this.happen({ type: 'proposal.refused', ask, text: 'no', exhausted: false });
      return { ...task, trial: 0 };
    }
    const from = trialOf(this.state, answer.parent ?? 1);
    this.happen({
      type: 'trial.proposed',
      trial,
      ask,
      researcher: 'model',
      hypothesis: `idea ${trial}`,
      point: { ...from.point, lr: answer.lr ?? 0.001 * trial },
      parent: from.id,
      ...task,
      ...(answer.code === undefined ? {} : { code: answer.code }),
    });
    return { ...task, trial };
  }
}

describe('what a model is asked to do', () => {
  test('two drafts first where code may be changed, then the round, each of it where it finds something to work on', () => {
    const story = new Story();
    const seen: Operator[] = [];
    for (let i = 0; i < 10; i++) seen.push(story.ask().operator);
    expect(seen).toEqual([...Array<Operator>(2).fill('draft'), ...Array<Operator>(7).fill('improve'), 'draft']);
    const knobs = new Story({ changes: 'knobs' });
    for (let i = 0; i < 9; i++) expect(knobs.ask().operator).toBe('improve');
  });

  test('a leader of several parts is ablated, one with code simplified, and what it has nothing of is combined with it', () => {
    const story = new Story();
    const first = story.ask({ code: code('t1', 'a.py', 'b.py') }).trial;
    const second = story.ask({ lr: 0.05 }).trial;
    for (const [trial, value] of [
      [first, 0.5],
      [second, 0.8],
    ] as const) {
      story.run(trial, { value });
      story.run(trial, { value });
    }
    story.judge(second, 'inconclusive', 0.2);
    story.judge(first, 'keep', 0.5);
    const tasks = Array.from({ length: 8 }, () => story.ask());
    expect(tasks.map(({ operator }) => operator)).toEqual([
      'improve',
      'improve',
      'combine',
      'improve',
      'ablate',
      'improve',
      'simplify',
      'draft',
    ]);
    expect(tasks[2]).toMatchObject({ of: [first, second] });
    for (const at of [4, 6]) expect(tasks[at]).toMatchObject({ of: [first] });
    expect(tasks[7]).toMatchObject({ of: [1] });
  });

  test('two trials are put together once', () => {
    const story = new Story({ changes: 'knobs' });
    const first = story.ask({ lr: 0.04 }).trial;
    const second = story.ask({ lr: 0.05 }).trial;
    for (const [trial, value] of [
      [first, 0.5],
      [second, 0.8],
    ] as const) {
      story.run(trial, { value });
      story.judge(trial, trial === first ? 'keep' : 'inconclusive', 0.2);
    }
    const combined = story.ask({ lr: 0.06, parent: first });
    expect(combined).toMatchObject({ operator: 'combine', of: [first, second] });
    for (let i = 0; i < 16; i++) expect(story.ask().operator).not.toBe('combine');
  });

  test('code that failed is repaired at once, three times in a row at most; not what was tampered with, slow, or a person’s', () => {
    const story = new Story();
    let { trial } = story.ask({ code: code('t0') });
    const ids = [trial];
    for (let i = 1; i <= 4; i++) {
      story.run(trial, { reason: 'crash' });
      story.judge(trial, 'crash');
      const next = story.ask({ lr: 0.01 * i, code: code(`t${i}`) });
      expect(next.operator === 'debug', `repair ${i}`).toBe(i <= 3);
      if (i <= 3) expect(next.of).toEqual([trial]);
      ({ trial } = next);
      ids.push(trial);
    }
    expect(repairsOf(story.state, trialOf(story.state, ids[3]!))).toBe(3);
    for (const reason of ['tampered', 'timeout', 'start'] as const) {
      const other = new Story();
      const one = other.ask({ code: code('t0') }).trial;
      other.run(one, { reason });
      other.judge(one, 'crash');
      expect(other.ask().operator).not.toBe('debug');
    }
  });

  test('a repair that comes to nothing is asked for twice, in case the first was lost with its lab', () => {
    const story = new Story();
    const { trial } = story.ask({ code: code('t0') });
    story.run(trial, { reason: 'oom' });
    story.judge(trial, 'crash');
    expect([story.ask(), story.ask(), story.ask()].map(({ operator }) => operator)).toEqual([
      'debug',
      'debug',
      'draft',
    ]);
  });
});

test('an assignment says from where to depart, what failed as data, and shows no more of a diff than is read', () => {
  const story = new Story();
  const { trial } = story.ask({ code: code('t0') });
  story.run(trial, { reason: 'crash' });
  story.judge(trial, 'crash');
  const ask = story.state.asks + 1;
  story.happen({ type: 'proposal.asked', ask, researcher: 'model', ...nextTask(story.state) });
  const { parent, from, words } = assignmentOf(story.state, ask, () => `+x\n${'-y\n'.repeat(9000)}`);
  expect([parent.id, from.id]).toEqual([1, trial]);
  expect(words).toContain('{"reason":"crash","exit":1,"text":"boom","lastLines":["x","boom"]}');
  expect(words).toContain('… (cut)');
  expect(words.length).toBeLessThan(10_000);
});

test('what a trial does to those it was made of is remembered as links', () => {
  const story = new Story();
  const first = story.ask({ code: code('t1') }).trial;
  story.run(first, { reason: 'crash' });
  story.judge(first, 'crash');
  const repaired = story.ask({ lr: 0.02, code: code('t2') }).trial;
  const links = (id: number): unknown => recordOf(story.state, trialOf(story.state, id)).links;
  expect(links(repaired)).toEqual([
    { kind: 'parent', to: 'simple/1' },
    { kind: 'cites', to: `simple/${first}` },
  ]);
  story.run(repaired, { value: 0.5 });
  story.judge(repaired, 'keep', 0.5);
  expect(links(repaired)).toContainEqual({ kind: 'supersedes', to: `simple/${first}` });
  for (const [operator, verdict, kind] of [
    ['combine', 'discard', 'combines'],
    ['ablate', 'keep', 'refutes'],
    ['ablate', 'discard', 'cites'],
    ['simplify', 'keep', 'supersedes'],
  ] as const) {
    const trial = { ...trialOf(story.state, repaired), operator, of: [first], verdict, cites: [first, 1] };
    expect(recordOf(story.state, trial).links.slice(1)).toEqual([
      { kind, to: `simple/${first}` },
      { kind: 'cites', to: 'simple/1' },
    ]);
  }
});

test('parts of a change are its settings and the steps of its code', () => {
  const story = new Story();
  const first = story.ask({ lr: 0.001, code: code('t1', 'a.py', 'b.py', 'c.py') }).trial;
  const second = story.ask({ parent: first, lr: 0.3, code: code('t2') }).trial;
  expect(partsOf(story.state, trialOf(story.state, 1))).toBe(0);
  expect(partsOf(story.state, trialOf(story.state, first))).toBe(3);
  expect(partsOf(story.state, trialOf(story.state, second))).toBe(3);
  expect(lineageOf(story.state, trialOf(story.state, second)).map(({ id }) => id)).toEqual([second, first, 1]);
});
