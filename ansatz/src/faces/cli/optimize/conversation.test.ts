import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { version } from '../version.ts';
import { Conversation } from './conversation.ts';

const SPACE = [
  { name: 'lr', type: 'float', low: 1e-5, high: 0.1, log: true },
  { name: 'opt', type: 'cat', choices: ['sgd', 'adam'] },
  { name: 'momentum', type: 'float', low: 0, high: 0.99, when: { name: 'opt', in: ['sgd'] } },
  { name: 'layers', type: 'int', low: 1, high: 8 },
];
const POINT = { lr: 0.01, opt: 'adam', layers: 2 };
const CREATE = { cmd: 'create', space: SPACE, seed: 1 };

interface Answer {
  readonly id?: number | null;
  readonly params?: Readonly<Record<string, number | string>>;
  readonly value?: number;
  readonly step?: number;
  readonly pause?: boolean;
  readonly prune?: boolean;
  readonly ok?: boolean;
  readonly state?: string;
  readonly error?: string;
  readonly fix?: string;
}
type Send = (request: unknown) => Answer;

/** Requests as objects, or as the line itself. */
function talk(...before: readonly unknown[]): Send {
  const conversation = new Conversation();
  const send: Send = (request) =>
    JSON.parse(conversation.answer(typeof request === 'string' ? request : JSON.stringify(request))) as Answer;
  for (const request of before) expect(send(request)).not.toHaveProperty('error');
  return send;
}

test('a conversation, word by word', () => {
  const send = talk();
  const lines: readonly (readonly [unknown, object])[] = [
    [CREATE, { ok: true, name: `ansatz ${version()}` }],
    [{ cmd: 'best' }, { id: null }],
    [
      { cmd: 'ask', params: POINT },
      { id: 0, params: POINT },
    ],
    [
      { cmd: 'ask', params: { ...POINT, lr: 0.02, momentum: 0.5 } },
      { id: 1, params: { ...POINT, lr: 0.02 } },
    ],
    [
      { cmd: 'ask', params: { ...POINT, layers: 3 } },
      { id: 2, params: { ...POINT, layers: 3 } },
    ],
    [
      { cmd: 'ask', params: { ...POINT, layers: 4 } },
      { id: 3, params: { ...POINT, layers: 4 } },
    ],
    [{ cmd: 'tell', id: 1, value: 0.5, state: 'complete' }, { ok: true }],
    [{ cmd: 'tell', id: 0, value: 0.7 }, { ok: true }],
    [
      { cmd: 'tell', id: 2, value: null },
      { ok: true, state: 'failed' },
    ],
    ['{"cmd":"tell","id":3,"value":-Infinity,"state":"complete"}', { ok: true, state: 'failed' }],
    [{ cmd: 'best' }, { id: 1, params: { ...POINT, lr: 0.02 }, value: 0.5 }],
    [{ cmd: 'observe', trials: [{ params: POINT, value: 0.4 }] }, { ok: true }],
    ['{"cmd":"observe","trials":[{"params":{"lr":0.001,"opt":"adam","layers":1},"value":NaN}]}', { ok: true }],
    [{ cmd: 'best' }, { id: 4, params: POINT, value: 0.4 }],
    [{ cmd: 'close' }, { ok: true }],
  ];
  for (const [request, answer] of lines) expect(send(request), JSON.stringify(request)).toEqual(answer);
});

test('results of another study are heard, and never the best of this one', () => {
  const send = talk(CREATE);
  const trials = [{ params: POINT, value: 9, study: 'last year' }];
  expect(send({ cmd: 'observe', trials })).toEqual({ ok: true });
  expect(send({ cmd: 'best' })).toEqual({ id: null });
  expect(send({ cmd: 'observe', trials: [{ ...trials[0], study: 3 }] })).toEqual({
    error: 'trials[0].study is 3',
    fix: 'use a text',
  });
  expect(send({ cmd: 'ask', params: POINT }).id).toBe(1);
});

test('a larger value is better when maximizing', () => {
  const send = talk({ ...CREATE, direction: 'maximize' });
  send({ cmd: 'observe', trials: [0.2, 0.9, 0.5].map((value) => ({ params: POINT, value })) });
  expect(send({ cmd: 'best' })).toMatchObject({ id: 1, value: 0.9 });
});

describe('bad requests get one error that says how to put it right', () => {
  const running = [
    { ...CREATE, max_resource: 9 },
    { cmd: 'ask', params: POINT },
  ];
  test.each<[string, readonly unknown[], unknown, string, RegExp]>([
    ['no JSON', [], '{"cmd":', 'the line is not JSON: Unexpected end of JSON input', /one object on a line/],
    ['no object', [], '[]', 'the request is a list', /"cmd": "ask"/],
    ['no cmd', [], {}, 'cmd is missing', /create, ask, report/],
    ['a wrong cmd', [], { cmd: 'aks' }, 'cmd is "aks"; closest: "ask"', /create, ask, report/],
    ['a name every object has', [], { cmd: 'constructor' }, 'cmd is "constructor"', /create, ask/],
    ['ask before create', [], { cmd: 'ask' }, 'ask came before create', /"cmd": "create"/],
    ['no space', [], { cmd: 'create' }, 'space is missing', /list of parameters/],
    ['a misspelt field', [], { cmd: 'create', spcae: [] }, 'space is missing; there is "spcae"', /write "space"/],
    [
      'a wrong type',
      [],
      { cmd: 'create', space: [{ name: 'x', type: 'flaot' }] },
      '"x" has the unknown type "flaot"; closest: "float"',
      /"float", "int" or "cat"/,
    ],
    ['no sampler', [], { ...CREATE, sampler: 'sobl' }, 'sampler is "sobl"; closest: "sobol"', /auto, random, sobol/],
    ['no direction', [], { ...CREATE, direction: 'min' }, 'direction is "min"; closest: "minimize"', /maximize/],
    ['a seed in quotes', [], { ...CREATE, seed: '1' }, 'seed is "1"', /whole number/],
    ['no steps', [], { ...CREATE, max_resource: 0 }, 'max_resource is 0', /1 or more/],
    [
      'more than full',
      [],
      { ...CREATE, min_resource: 5, max_resource: 3 },
      'min_resource is 5, more than a full training of 3',
      /at most 3/,
    ],
    [
      'a wrong constraint',
      [],
      { ...CREATE, constraints: ['lr < layrs'] },
      'no parameter is called "layrs"; closest: "layers"',
      /layers/,
    ],
    [
      'no choice',
      running,
      { cmd: 'ask', params: { ...POINT, opt: 'adan' } },
      'params.opt is "adan"; closest: "adam"',
      /"sgd", "adam"/,
    ],
    ['outside the range', running, { cmd: 'ask', params: { ...POINT, lr: 1 } }, 'params.lr is 1', /0\.00001 to 0\.1/],
    [
      'no whole number',
      running,
      { cmd: 'ask', params: { ...POINT, layers: 1.5 } },
      'params.layers is 1.5',
      /whole number from 1 to 8/,
    ],
    [
      'a parameter left out',
      running,
      { cmd: 'ask', params: { ...POINT, opt: 'sgd' } },
      'params lacks "momentum"',
      /0 to 0\.99/,
    ],
    [
      'a stranger',
      running,
      { cmd: 'ask', params: { ...POINT, layer: 1 } },
      'params.layer is no parameter of the space; closest: "layers"',
      /lr, opt, momentum, layers/,
    ],
    ['no such trial', running, { cmd: 'tell', id: 7, value: 1 }, 'id is 7, and there is no such trial', /0 to 0/],
    ['an id in quotes', running, { cmd: 'tell', id: '0', value: 1 }, 'id is "0"', /answer to ask/],
    ['no value', running, { cmd: 'tell', id: 0, vlaue: 1 }, 'value is missing; there is "vlaue"', /write "value"/],
    ['a value in words', running, { cmd: 'report', id: 0, step: 1, value: 'low' }, 'value is "low"', /a number/],
    [
      'a state nobody knows',
      running,
      { cmd: 'tell', id: 0, state: 'prune' },
      'state is "prune"; closest: "pruned"',
      /complete, pruned, failed/,
    ],
    [
      'a step back',
      [...running, { cmd: 'report', id: 0, step: 3, value: 1 }],
      { cmd: 'report', id: 0, step: 2, value: 1 },
      'step is 2, and trial 0 was at 3',
      /grows/,
    ],
    ['half a step', running, { cmd: 'report', id: 0, step: 0.5, value: 1 }, 'step is 0.5', /1 or more/],
    [
      'a step too far',
      running,
      { cmd: 'report', id: 0, step: 10, value: 1 },
      'step is 10, and a full training has 9',
      /tell/,
    ],
    [
      'telling twice',
      [...running, { cmd: 'tell', id: 0, value: 1 }],
      { cmd: 'tell', id: 0, value: 1 },
      'id is 0, and that trial is over',
      /once/,
    ],
    [
      'a late report',
      [...running, { cmd: 'tell', id: 0, value: 1 }],
      { cmd: 'report', id: 0, step: 1, value: 1 },
      'id is 0, and that trial is over',
      /ask/,
    ],
    [
      'one bad observation',
      running,
      { cmd: 'observe', trials: [{ params: POINT, value: 1 }, { params: POINT }] },
      'trials[1].value is missing',
      /number/,
    ],
    [
      'observing outside',
      running,
      { cmd: 'observe', trials: [{ params: { ...POINT, lr: 0 }, value: 1 }] },
      'trials[0].params.lr is 0',
      /0\.1/,
    ],
  ])('%s', (_, before, request, error, fix) => {
    const send = talk(...before);
    expect(send(request)).toEqual({ error, fix: expect.stringMatching(fix) as string });
    // Nothing has changed.
    if (before.length > 0) expect(send({ cmd: 'ask', params: POINT })).toEqual({ id: 1, params: POINT });
  });

  test('a constraint that a given point breaks is named', () => {
    const send = talk({ ...CREATE, constraints: ['lr * layers < 0.1'] });
    expect(send({ cmd: 'ask', params: { ...POINT, lr: 0.09 } }).error).toBe(
      'params breaks the constraint lr * layers < 0.1',
    );
  });

  test('a failed create leaves the study there is, a second one begins anew', () => {
    const send = talk(CREATE, { cmd: 'ask', params: POINT });
    expect(send({ cmd: 'create', space: 1 })).toHaveProperty('error');
    expect(send({ cmd: 'ask', params: POINT }).id).toBe(1);
    expect(send(CREATE).ok).toBe(true);
    expect(send({ cmd: 'ask', params: POINT }).id).toBe(0);
  });

  test('errors are short, however long the request', () => {
    const send = talk();
    for (const line of ['x'.repeat(1e6), JSON.stringify({ cmd: 'y'.repeat(1e6) }), '['.repeat(1e6)])
      expect(JSON.stringify(send(line)).length).toBeLessThan(1000);
  });
});

test('fields of other tools are ignored, and named', () => {
  const request = { ...CREATE, sampler: 'auto', pruner: 'none', storage: 'memory', study_name: 'o', constraints: null };
  expect(talk()(request)).toMatchObject({ ok: true, ignored: ['pruner', 'storage', 'study_name'] });
});

test.each(['TPESampler', 'tpe', 'GPSampler', 'QMCSampler', 'Random', 'bayes', null])('%s is a sampler', (sampler) => {
  expect(talk()({ ...CREATE, sampler })).toMatchObject({ ok: true });
});

test('a trial that is told without a value has the last one it reported', () => {
  const send = talk({ ...CREATE, max_resource: 9, min_resource: 9 }, { cmd: 'ask' }, { cmd: 'ask' });
  send({ cmd: 'report', id: 0, step: 1, value: 0.4 });
  expect(send({ cmd: 'tell', id: 0, state: 'pruned' })).toEqual({ ok: true });
  send({ cmd: 'report', id: 1, step: 1, value: 0.3 });
  expect(send('{"cmd":"report","id":1,"step":2,"value":NaN}')).toEqual({ prune: true });
  expect(send({ cmd: 'tell', id: 1, state: 'pruned' })).toEqual({ ok: true, state: 'failed' });
  expect(send({ cmd: 'best' })).toMatchObject({ id: 0, value: 0.4 });
});

/** A loop of asks and tells; the lines it was answered with. */
function search(seed: number, disturb: () => readonly string[] = () => []): string[] {
  const conversation = new Conversation();
  const lines: string[] = [];
  const say = (request: object): Answer => {
    for (const garbage of disturb()) expect(conversation.answer(garbage)).toMatch(/^\{"error":/);
    lines.push(conversation.answer(JSON.stringify(request)));
    return JSON.parse(lines.at(-1)!) as Answer;
  };
  say({ ...CREATE, seed });
  for (let i = 0; i < 15; i++) {
    const { id, params } = say({ cmd: 'ask' });
    expect('momentum' in params!).toBe(params!['opt'] === 'sgd');
    say({ cmd: 'tell', id, value: i === 5 ? null : Math.log10(Number(params!['lr'])) ** 2 });
  }
  say({ cmd: 'best' });
  return lines;
}

test('the same seed and the same tells give the same answers, byte for byte', () => {
  expect(search(3)).toEqual(search(3));
  expect(search(3)).not.toEqual(search(4));
});

test('whatever nonsense comes between requests changes no answer', () => {
  const undisturbed = search(1);
  const wrong = fc.oneof(
    fc.string({ unit: 'binary' }).map((text) => `~${text}`),
    fc.json().filter((text) => !text.includes('"cmd"')),
    fc
      .record({
        cmd: fc.constantFrom('tell', 'report', 'observe'),
        id: fc.anything().filter((id) => typeof id !== 'number'),
        trials: fc.constantFrom(1, [1], [{ params: { lr: 'x' }, value: 1 }]),
      })
      .map((request) => JSON.stringify(request, (_, value: unknown) => (typeof value === 'bigint' ? null : value))),
    fc.constantFrom('{"cmd":"ask","params":{}}', '{"cmd":"create","space":[1]}', '{"cmd":"tell","id":99,"value":1}'),
  );
  const property = fc.property(fc.array(fc.array(wrong, { maxLength: 3 }), { minLength: 40, maxLength: 40 }), (all) => {
    const left = [...all];
    expect(search(1, () => left.pop() ?? [])).toEqual(undisturbed);
  });
  fc.assert(property, { numRuns: 25 });
});

test('ten thousand observations, and the next proposal is near the best of them', { timeout: 60_000 }, () => {
  const send = talk(CREATE);
  for (let from = 0; from < 10_000; from += 500) {
    const trials = Array.from({ length: 500 }, (_, i) => {
      const lr = 10 ** (-5 + (4 * ((from + i) % 997)) / 997);
      return { params: { lr, opt: 'adam', layers: 1 + ((from + i) % 8) }, value: (Math.log10(lr) + 3) ** 2 };
    });
    expect(send({ cmd: 'observe', trials })).toEqual({ ok: true });
  }
  const { id } = send({ cmd: 'ask' });
  expect(id).toBe(10_000);
  expect(send({ cmd: 'tell', id, value: 0.5 })).toEqual({ ok: true });
  expect(Math.log10(Number(send({ cmd: 'best' }).params!['lr']))).toBeCloseTo(-3, 0);
});

describe('trainings with curves', () => {
  const STEPS = 27;
  const loss = ({ lr, opt }: NonNullable<Answer['params']>, step: number): number =>
    (Math.log10(Number(lr)) + 3) ** 2 + (opt === 'sgd' ? 0.3 : 0) + 2 * step ** -0.7;

  /** `workers` at a time, a step each in turn, until `steps` are used up. Every answer, and how far each trial got. */
  function train(pause: boolean, steps: number, workers: number) {
    const answers: Answer[] = [];
    const send = talk({ ...CREATE, max_resource: STEPS, budget_steps: steps, workers, pause });
    const say: Send = (request) => answers[answers.push(send(request)) - 1]!;
    const reached = new Map<number, number>();
    const points = new Map<number, NonNullable<Answer['params']>>();
    const busy: (number | undefined)[] = Array.from({ length: workers }, () => undefined);
    let [resumed, paused, least, finest] = [0, 0, Infinity, -1];
    for (let n = 0; n < steps; n++) {
      const worker = n % workers;
      if (busy[worker] === undefined) {
        const { id, params, step } = say({ cmd: 'ask' });
        expect(busy).not.toContain(id);
        // A paused trial comes back as what it was, where it stopped; any other is new.
        expect(step).toBe(reached.get(id!));
        if (step === undefined) points.set(id!, params!);
        else resumed++;
        expect(params).toEqual(points.get(id!));
        busy[worker] = id!;
      }
      const id = busy[worker];
      const step = (reached.get(id) ?? 0) + 1;
      reached.set(id, step);
      const value = loss(points.get(id)!, step);
      if (value < least) [least, finest] = [value, id];
      const advice = say({ cmd: 'report', id, step, value });
      if (advice.pause === true) {
        paused++;
        busy[worker] = undefined;
        expect(send({ cmd: 'report', id, step: step + 1, value }).error).toBe(`id is ${id}, and that trial is paused`);
      } else if (advice.prune === true || step === STEPS) {
        busy[worker] = undefined;
        say({ cmd: 'tell', id, value, state: step === STEPS ? 'complete' : 'pruned' });
      } else expect(advice).toEqual({});
    }
    expect(say({ cmd: 'best' })).toEqual({ id: finest, params: points.get(finest), value: least });
    return { answers, resumed, paused, full: [...reached.values()].filter((step) => step === STEPS).length };
  }

  test('paused trials go on where they stopped, and best names the best value reported', () => {
    const { paused, resumed, full } = train(true, 20 * STEPS, 4);
    expect(paused).toBeGreaterThan(20);
    expect(resumed).toBeGreaterThan(10);
    expect(full).toBeGreaterThan(0);
  });

  test('without pause trials only go on or stop', () => {
    const { answers, full } = train(false, 10 * STEPS, 2);
    expect(answers.filter((answer) => answer.pause === true)).toEqual([]);
    expect(answers.filter((answer) => answer.prune === true).length).toBeGreaterThan(0);
    expect(full).toBeGreaterThan(0);
  });

  test('the same answers every time, byte for byte', () => {
    expect(JSON.stringify(train(true, 8 * STEPS, 3).answers)).toBe(JSON.stringify(train(true, 8 * STEPS, 3).answers));
  });

  test('nobody is paused before min_resource, also when steps are skipped', () => {
    const send = talk({ ...CREATE, max_resource: 100, min_resource: 40 }, { cmd: 'ask' });
    const advice = [10, 20, 30, 50].map((step) => send({ cmd: 'report', id: 0, step, value: 1 / step }));
    expect(advice).toEqual([{}, {}, {}, { pause: true }]);
  });
});

describe('trials with several values', () => {
  const CREATE_TWO = { cmd: 'create', space: SPACE, directions: ['minimize', 'maximize'], seed: 1 };
  const ask = (layers: number): object => ({ cmd: 'ask', params: { ...POINT, layers } });

  test('are told in the order of the directions, and best is a front', () => {
    const send = talk(CREATE_TWO, ask(1), ask(2), ask(3), ask(4));
    expect(send({ cmd: 'tell', id: 0, values: [0.5, 7], violations: [-1], cost: 3 })).toEqual({ ok: true });
    expect(send({ cmd: 'tell', id: 1, values: [0.6, 6], violations: [-1] })).toEqual({ ok: true });
    expect(send({ cmd: 'tell', id: 2, values: [null, 9] })).toEqual({ ok: true, state: 'failed' });
    expect(send({ cmd: 'tell', id: 3, state: 'failed' })).toEqual({ ok: true });
    const trials = [{ params: { ...POINT, layers: 5 }, values: [0.7, 8], violations: [0] }];
    expect(send({ cmd: 'observe', trials })).toEqual({ ok: true });
    expect(send({ cmd: 'best' })).toEqual({
      front: [
        { id: 0, params: { ...POINT, layers: 1 }, values: [0.5, 7], violations: [-1], cost: 3 },
        { id: 4, params: { ...POINT, layers: 5 }, values: [0.7, 8], violations: [0] },
      ],
    });
    expect(send({ cmd: 'ask' }).id).toBe(5);
    // Another study, of one value again.
    expect(send(CREATE)).toMatchObject({ ok: true });
    expect(send({ cmd: 'best' })).toEqual({ id: null });
  });

  test.each<[unknown, string]>([
    [{ ...CREATE_TWO, max_resource: 9 }, 'max_resource is 9, and trials with several values have no curve'],
    [{ ...CREATE_TWO, direction: 'minimize' }, 'direction stands beside "directions"'],
    [{ ...CREATE_TWO, directions: 'minimize' }, 'directions is "minimize"'],
    [{ ...CREATE_TWO, sampler: 'tpe' }, 'sampler is "tpe", which knows one value only'],
    [{ cmd: 'tell', id: 0, value: 1 }, 'values is missing; there is "value"'],
    [{ cmd: 'tell', id: 0, values: [1] }, 'values has 1'],
    [{ cmd: 'tell', id: 0, values: [1, 'x'] }, 'values[1] is "x"'],
    [{ cmd: 'tell', id: 0, values: [1, 2], state: 'pruned' }, 'state is "pruned"'],
    [{ cmd: 'report', id: 0, step: 1, value: 2 }, 'report is for trials with curves'],
  ])('%j is an error that changes nothing', (request, error) => {
    const send = talk(CREATE_TWO, ask(1));
    expect(send(request)).toEqual({ error, fix: expect.any(String) as string });
    expect(send({ cmd: 'tell', id: 0, values: [1, 2] })).toEqual({ ok: true });
  });
});
