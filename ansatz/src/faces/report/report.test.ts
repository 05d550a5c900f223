import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { memoryPoints } from '../../io/store/points.ts';
import { simpleConfig } from '../../study/config.fixture.ts';
import type { Event } from '../../study/events/index.ts';
import { reduce } from '../../study/reduce.ts';
import { type State } from '../../study/state.ts';
import { progressOf, runSpans, spendingOf } from '../../study/insight.ts';
import { statusOf } from '../../study/views.ts';
import { auditRows } from './audit.ts';
import { thinned } from './data.ts';
import { htmlOf, markdownOf, type Report, reportOf, storyOf } from './index.ts';
import { bowl, cutAfter, manyTrials, scenes, simulated } from './report.fixture.ts';

const version = '0.1.0';

async function reportFor(scene: string): Promise<Report> {
  const { state, points } = await scenes[scene]!();
  return reportOf(state, { version, points });
}

/** The page without its script and style, which are ours. */
function content(page: string): string {
  return page.replace(/<style>[^]*?<\/style>/, '').replace(/<script>[^]*?<\/script>/, '');
}

const VOID = new Set(['meta', 'input', 'br', 'link', 'hr', 'img']);

/** Names of elements left open, or closed without having been opened; attributes must all be quoted. */
function imbalance(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [tag, closing, name, rest] of content(page).matchAll(/<(\/?)([a-zA-Z][\w-]*)([^>]*)>/g)) {
    if (!/^(?:\s+[\w-]+(?:="[^"<]*")?)*\s*\/?$/.test(rest!)) wrong.push(tag);
    if (VOID.has(name!.toLowerCase()) || rest!.endsWith('/')) continue;
    if (closing === '') open.push(name!);
    else if (open.pop() !== name) wrong.push(tag);
  }
  return [...wrong, ...open];
}

describe('the first screen', () => {
  test('tells every kind of study in sentences', async () => {
    const stories: string[] = [];
    for (const scene of Object.keys(scenes)) {
      const { headline, under, phase, spent, gained, mattered, failed, noise } = storyOf(await reportFor(scene));
      stories.push(`[${scene}]`, headline, under, phase, spent, gained, mattered, failed, noise, '');
    }
    expect(stories.join('\n')).toMatchInlineSnapshot(`
      "[gain]
      loss 2.216 → 0.985, 55.6 % lower
      Better by 1.231 ± 0.012 (95 % interval), p < 0.0001: 3 runs of trial 12 against 3 of the baseline.
      Ended: all 50 runs are spent
      50 of 50 runs, 27 min 6 s of 60 min device time and 14 min 6 s on the clock. Stopping 30 hopeless runs early saved about 22 min 54 s (46 % of what it would have been).
      Baseline 2.2156 ± 0.0083 (3 runs) → best 0.9846 ± 0.0083 (trial 12, 3 fresh runs): better by 1.231 ± 0.012 (55.6 %), p < 0.0001 one-sided.
      lr: importance 100 % (95 to 100 %), alone 98 % of the variation, best 0.0145 to 0.109. The other knob does not stand out from chance. A first look at 45 trials, not an experiment.
      No run failed. Of 44 changes tried: 1 kept, 34 discarded and 9 left inconclusive.
      One run of loss has sd 0.0052 (4 degrees of freedom); smaller differences are not seen in single runs.

      [only the baseline]
      loss 2.216 ± 0.011 as the script is
      Only the baseline was run; no change has been tried.
      Ended: all 3 runs are spent
      3 of 3 runs, 3 min device time and 2 min on the clock.
      Baseline 2.216 ± 0.011 (3 runs); no trial was confirmed to be better.
      Nothing has been varied yet.
      No run failed.
      One run of loss has sd 0.0044 (2 degrees of freedom); smaller differences are not seen in single runs.

      [nothing better]
      Nothing better than loss 1.015 ± 0.020 was confirmed
      45 changes tried, none held against the baseline. Settings stay as they are.
      Ended: all 50 runs are spent
      50 of 50 runs, 50 min of 60 min device time and 26 min on the clock.
      Baseline 1.015 ± 0.020 (5 runs); no trial was confirmed to be better.
      No knob stands out from chance in 46 trials.
      No run failed. Of 45 changes tried: 44 discarded and 1 left inconclusive.
      One run of loss has sd 0.016 (4 degrees of freedom); smaller differences are not seen in single runs.

      [every change crashes]
      Nothing better than loss 2.216 ± 0.011 was confirmed
      All 9 changes tried crashed.
      Ended: all 12 runs are spent
      12 of 12 runs, 12 min device time and 7 min on the clock.
      Baseline 2.216 ± 0.011 (3 runs); no trial was confirmed to be better.
      Too few results (1 trial) to say which knob does.
      9 runs crashed. Of 9 changes tried: 9 crashed.
      One run of loss has sd 0.0044 (2 degrees of freedom); smaller differences are not seen in single runs.

      [the baseline crashes]
      The script fails as it is
      There is no result to improve on: exit 1.
      Ended: the script fails as it is: exit 1
      2 of 50 runs, 2 min of 60 min device time and 60 s on the clock.
      Nothing can be said without a result of the baseline.
      Nothing has been varied yet.
      2 runs crashed.
      Not measured: no setting has two results.

      [maximised]
      accuracy 0.6784 → 0.8015, 18.1 % higher
      Better by 0.1231 ± 0.0012 (95 % interval), p < 0.0001: 3 runs of trial 12 against 3 of the baseline.
      Ended: all 50 runs are spent
      50 of 50 runs, 27 min 6 s of 60 min device time and 14 min 6 s on the clock. Stopping 30 hopeless runs early saved about 22 min 54 s (46 % of what it would have been).
      Baseline 0.67844 ± 0.00083 (3 runs) → best 0.80154 ± 0.00083 (trial 12, 3 fresh runs): better by 0.1231 ± 0.0012 (18.1 %), p < 0.0001 one-sided.
      lr: importance 100 % (95 to 100 %), alone 98 % of the variation, best 0.0145 to 0.109. The other knob does not stand out from chance. A first look at 45 trials, not an experiment.
      No run failed. Of 44 changes tried: 1 kept, 34 discarded and 9 left inconclusive.
      One run of accuracy has sd 0.00052 (4 degrees of freedom); smaller differences are not seen in single runs.

      [deterministic]
      loss 2.217 → 0.996, 55.1 % lower
      Exact: repeats come out alike to the last digit.
      Ended: all 30 runs are spent
      30 of 30 runs, 17 min 42 s device time and 9 min 48 s on the clock. Stopping 16 hopeless runs early saved about 12 min 18 s (41 % of what it would have been). Each of 2 keeps cost 8 min 51 s.
      Baseline 2.2174 (3 runs) → best 0.99607 (trial 5, 1 run): better by 1.2213 (55.1 %).
      lr: importance 100 % (77 to 100 %), alone 88 % of the variation, best 0.109 to 0.613. The other knob does not stand out from chance. A first look at 28 trials, not an experiment.
      No run failed. Of 27 changes tried: 2 kept and 25 discarded.
      None: repeats come out alike to the last digit.

      [running]
      Nothing better than loss 2.216 ± 0.011 was confirmed so far
      20 changes tried, none held against the baseline. Settings stay as they are. Trial 12 is believed to be better by 1.2 (chance 90 %), which 2 runs do not prove.
      Still running (as of 2026-01-05 09:08 UTC)
      23 of 50 runs, 14 min 30 s of 60 min device time and 8 min 6 s on the clock, and up to 4 min 6 s held for runs under way. Stopping 11 hopeless runs early saved about 8 min 30 s (37 % of what it would have been).
      Baseline 2.216 ± 0.011 (3 runs); no trial was confirmed to be better.
      lr: importance 100 % (89 to 100 %), alone 84 % of the variation, best 0.109 to 0.613. The other knob does not stand out from chance. A first look at 20 trials, not an experiment.
      No run failed. Of 20 changes tried: 11 discarded, 7 left inconclusive and 2 not judged yet.
      One run of loss has sd 0.0044 (2 degrees of freedom); smaller differences are not seen in single runs.
      "
    `);
  });

  test('says what was gained with its uncertainty', async () => {
    const { state } = await simulated(bowl);
    const { gain, baseline, best } = statusOf(state);
    const story = storyOf(reportOf(state, { version }));
    expect(story.standing).toBe('real');
    const said = [...story.gained.matchAll(/(\d+\.\d+) ± (\d+\.\d+)/g)].map(([, mean, margin]) => [
      Number(mean),
      Number(margin),
    ]);
    for (const [i, { mean, margin }] of [baseline!, best!, { mean: gain!.effect, margin: gain!.margin }].entries()) {
      expect(Math.abs(said[i]![0]! - mean)).toBeLessThan(margin! / 10);
      expect(said[i]![1]! / margin!).toBeCloseTo(1, 1);
    }
    expect(story.gained).toContain(`(${baseline!.runs} runs)`);
    expect(story.gained).toContain(`trial ${best!.trial}, ${best!.runs} fresh runs`);
  });

  test('does not claim a gain whose p-value no longer holds', async () => {
    const { state } = await simulated(bowl);
    state.pool.squares = 10;
    const story = storyOf(reportOf(state, { version }));
    expect(story.standing).toBe('unclear');
    expect(story.headline).toContain('within the noise');
  });
});

describe('the page', () => {
  test.for(Object.keys(scenes))('is well-formed and loads nothing: %s', async (scene) => {
    const page = htmlOf(await reportFor(scene));
    expect(imbalance(page)).toEqual([]);
    expect(page).not.toMatch(/https?:\/\/|@import|url\((?!#)|\b(?:src|href)=/);
    expect(content(page)).not.toMatch(/NaN|undefined|Infinity|\[object/);
    expect(page).not.toMatch(/\sstyle=|\son\w+=/);
  });

  test('allows only its own style and script, by their hashes', async () => {
    const page = htmlOf(await reportFor('gain'));
    const sha = (content: string): string => `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
    const style = /<style>([^]*?)<\/style>/.exec(page)![1]!;
    const script = /<script>([^]*?)<\/script>/.exec(page)![1]!;
    expect(page).toContain(
      `content="default-src 'none'; style-src ${sha(style)}; script-src ${sha(script)}; base-uri 'none'; form-action 'none'"`,
    );
  });

  test('shows the numbers of the study, not its own', async () => {
    const { state, points } = await scenes['gain']!();
    const report = reportOf(state, { version, points });
    expect(report.status).toEqual(statusOf(state));
    const page = htmlOf(report);
    for (const row of report.trials) expect(page).toContain(`data-v="${row.trial}">${row.trial}</td>`);
    expect(page.replaceAll(/<[^>]*>/g, '')).toContain(
      `--lr ${String(state.trials[state.incumbent! - 1]!.point['lr'])}`,
    );
  });

  test('of 10 000 trials stays under 2 MB and says what it leaves out', () => {
    const report = reportOf(manyTrials(10_000), { version });
    const page = htmlOf(report);
    expect(page.length).toBeLessThan(2e6);
    expect(imbalance(page)).toEqual([]);
    expect(page).toMatch(/9600 of 10\u202f000 trials are left out here/);
    expect(page.match(/<tr[^>]* data-verdict/g)).toHaveLength(400);
    expect(markdownOf(report).length).toBeLessThan(10_000);
  });
});

describe('text from outside', () => {
  const evil = `</script><img src=x onerror=alert(1)>"'&\u001b[31mred\u202e\u0007`;

  /** A study whose every text is hostile. */
  function hostile(): State {
    const knobs = ['__proto__', 'constructor', evil].map((name) => ({
      name,
      kind: 'choice' as const,
      choices: ['a', evil],
      default: 'a',
      via: { by: 'flag' as const, flag: '--x', style: 'space' as const },
    }));
    const point = (value: string): Record<string, string> =>
      JSON.parse(`{${knobs.map(({ name }) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`);
    const hold = { runs: 1, deviceSeconds: 10, money: 0 };
    const start = { type: 'run.started', seed: 1, slot: 0, limitSeconds: 10, hold } as const;
    const end = { type: 'run.ended', charge: hold, seconds: 1 } as const;
    const config = simpleConfig({
      name: evil,
      folder: '/srv/secret-place',
      knobs,
      objective: { metric: evil, direction: 'minimize', value: 'last' },
      command: ['python', 'train.py', '--api-key', 'hunter2hunter2', evil],
      run: { graceSeconds: 1, env: { WANDB_API_KEY: 'abcdef123456', MODE: 'fast' }, workspace: 'inplace' },
    });
    const tail = [evil, 'File "/srv/secret-place/train.py"', 'token=abcdef123456', 'https://user:pass@host/x'];
    const events = [
      { type: 'study.created', config, baseline: point('a') },
      { ...start, run: 1, trial: 1, repeat: 0 },
      { ...end, run: 1, status: 'done', value: 1 },
      { type: 'trial.judged', trial: 1, verdict: 'keep', why: evil },
      {
        type: 'trial.proposed',
        trial: 2,
        ask: 0,
        researcher: 'llm',
        hypothesis: `${evil}\n# big\n\`\`\``,
        point: point(evil),
        parent: 1,
      },
      { ...start, run: 2, trial: 2, repeat: 0 },
      { ...end, run: 2, status: 'failed', reason: 'crash', text: evil, tail },
      { type: 'trial.judged', trial: 2, verdict: 'crash', why: evil },
      { type: 'warning.raised', code: 'x', text: evil },
      { type: 'knob.died', knob: evil, trial: 2, text: evil },
    ];
    return events
      .map((event, i) => ({ ...event, at: i * 1000 }) as Event)
      .reduce<State | undefined>(reduce, undefined)!;
  }

  test('is harmless in the page', () => {
    const page = htmlOf(reportOf(hostile(), { version }));
    expect(imbalance(page)).toEqual([]);
    expect(page).not.toContain('<img');
    expect(page.match(/<\/script>/g)).toHaveLength(1);
    expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/);
    expect(page).toContain('&lt;/script&gt;&lt;img');
    expect(page).toContain('__proto__');
  });

  test('is harmless in Markdown', () => {
    const text = markdownOf(reportOf(hostile(), { version }));
    const outside = text.replaceAll(/^(`{3,})\w*\n[^]*?\n\1$/gm, '');
    expect(outside).not.toMatch(/<(?!\/?(?:details|summary|sub)>)/);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });

  test('gives away neither secrets nor where the study was', () => {
    const report = reportOf(hostile(), { version });
    for (const text of [htmlOf(report), markdownOf(report), JSON.stringify(report)]) {
      expect(text).not.toMatch(/hunter2|abcdef123456|secret-place|user:pass/);
    }
    expect(htmlOf(report)).toContain('MODE: fast');
  });

  test('opens no hole through numbers that are none', () => {
    const points = memoryPoints();
    const state = manyTrials(3);
    const base = { key: 'loss', source: 'stdout', resolution: 0 };
    points.write(
      1,
      [1, 2, 2, 1, 4].map((step, i) => ({ ...base, step, value: [1, NaN, 1e300, 5, -Infinity][i]! })),
    );
    const page = htmlOf(reportOf(state, { version, points }));
    expect(content(page)).not.toMatch(/NaN|Infinity/);
  });
});

describe('the numbers', () => {
  test('of the progress add up to what was spent, and move only with keeps', async () => {
    const { state } = await simulated(bowl);
    const progress = progressOf(state);
    expect(Math.max(...progress.dots.map((dot) => dot.deviceSeconds))).toBeCloseTo(progress.spent, 6);
    expect(progress.steps.map((step) => step.trial)).toEqual(state.marks.map((mark) => mark.trial));
  });

  test('of the spending add up to the ledger', async () => {
    for (const scene of Object.keys(scenes)) {
      const { state } = await scenes[scene]!();
      const { parts } = spendingOf(state);
      expect(
        parts.reduce((sum, part) => sum + part.deviceSeconds, 0),
        scene,
      ).toBeCloseTo(state.ledger.spent.deviceSeconds, 6);
      expect(
        parts.reduce((sum, part) => sum + part.runs, 0),
        scene,
      ).toBe(state.runs.length);
    }
  });

  // A sampler moves knobs together, so the other one may look as if it mattered too: only the order is sure.
  test('find the knob that matters most', async () => {
    const { effects } = await reportFor('gain');
    expect(effects.map((effect) => effect.knob)).toEqual(['lr', 'hidden']);
    expect(effects[0]!.share).toBeGreaterThan(effects[0]!.chance!);
    expect(effects[1]!.share).toBeLessThan(effects[0]!.share!);
  });

  test('call some knob important in about 5 % of studies in which none is', () => {
    let false_alarms = 0;
    const studies = 200;
    const base = manyTrials(2);
    for (let study = 0; study < studies; study++) {
      const state = structuredClone(base);
      let seed = study + 1;
      const uniform = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
      for (let i = 0; i < 20; i++) uniform();
      state.observations.splice(0);
      for (let i = 0; i < 40; i++) {
        state.observations.push({ point: { lr: uniform(), hidden: uniform() }, status: 'done', loss: uniform() });
      }
      const { effects } = reportOf(state, { version });
      if (effects.some((effect) => effect.share! > effect.chance!)) false_alarms++;
    }
    // 200 studies at 5 %: 10 expected; more than 22 has a chance below 0.0002.
    expect(false_alarms).toBeLessThanOrEqual(22);
  });

  test('group failures that differ only in numbers', () => {
    const { failures } = reportOf(manyTrials(101), { version });
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ reason: 'oom', runs: 10 });
    expect(failures[0]!.deviceSeconds).toBe(600);
  });
});

test('every prefix of a study can be reported', async () => {
  const { events } = await simulated(bowl, { budget: { runs: 15 } });
  for (let count = 1; count <= events.length; count += 3) {
    const report = reportOf(cutAfter(events, count), { version });
    const page = htmlOf(report);
    expect(content(page), `after ${count} events`).not.toMatch(/NaN|undefined|Infinity/);
    expect(markdownOf(report)).not.toMatch(/NaN|undefined|Infinity/);
  }
});

test('thinning keeps both ends and the extremes', () => {
  const steps = Array.from({ length: 10_000 }, (_, i) => i);
  const values = steps.map((step) => (step === 4321 ? 99 : Math.sin(step)));
  const thin = thinned(steps, values, 200);
  expect(thin.steps.length).toBeLessThanOrEqual(202);
  expect(thin.steps[0]).toBe(0);
  expect(thin.steps.at(-1)).toBe(9999);
  expect(Math.max(...thin.values)).toBe(99);
});

test('Markdown fits a pull request', async () => {
  const text = markdownOf(await reportFor('gain'));
  expect(text.slice(0, text.indexOf('### Kept'))).toMatchInlineSnapshot(`
    "## simple: loss 2.216 → 0.985, 55.6 % lower

    Better by 1.231 ± 0.012 (95 % interval), p &lt; 0.0001: 3 runs of trial 12 against 3 of the baseline.

    - **Spent** 50 of 50 runs, 27 min 6 s of 60 min device time and 14 min 6 s on the clock. Stopping 30 hopeless runs early saved about 22 min 54 s (46 % of what it would have been). Ended: all 50 runs are spent.
    - **Gained** Baseline 2.2156 ± 0.0083 (3 runs) → best 0.9846 ± 0.0083 (trial 12, 3 fresh runs): better by 1.231 ± 0.012 (55.6 %), p &lt; 0.0001 one-sided.
    - **Mattered** lr: importance 100 % (95 to 100 %), alone 98 % of the variation, best 0.0145 to 0.109. The other knob does not stand out from chance. A first look at 45 trials, not an experiment.
    - **Outcomes** No run failed. Of 44 changes tried: 1 kept, 34 discarded and 9 left inconclusive.
    - **Noise** One run of loss has sd 0.0052 (4 degrees of freedom); smaller differences are not seen in single runs.

    ### To merge (trial 12)

    \`\`\`sh
    true --lr 0.10899 --hidden 110
    \`\`\`

    | knob | baseline | best |
    | --- | --- | --- |
    | lr | 0\\.001 | 0\\.10899 |
    | hidden | 16 | 110 |

    "
  `);
});

test('the kill audit is told with its numbers where runs were stopped early, and not where none was', async () => {
  const { state, points } = await simulated(bowl, { pruner: 'asha', budget: { runs: 200 } });
  const report = reportOf(state, { version: '0', points });
  const { audit } = report.status;
  expect(audit.audited).toBeGreaterThan(0);
  expect(audit.finished).toBeGreaterThan(0);
  const rows = new Map(auditRows(report));
  expect(rows.get('stopped for good')).toBe(String(audit.stops));
  expect(rows.get('let finish instead')).toBe(String(audit.audited));
  expect(rows.get('stated risk of a stop')).toMatch(/^[\d.]+ %$/);
  expect(rows.get('realised: better than the best of its moment')).toMatch(/^[\d.]+ % \(95 %: [\d.]+ % to [\d.]+ %\)$/);
  expect(htmlOf(report)).toContain('<h2>Kill audit</h2>');
  expect(markdownOf(report)).toContain('### Kill audit');
  const calm = await simulated(bowl, { pruner: 'none' });
  const plain = reportOf(calm.state, { version: '0', points: calm.points });
  expect(htmlOf(plain)).not.toContain('Kill audit');
  expect(markdownOf(plain)).not.toContain('Kill audit');
});

test('a study with paused runs shows each time a run was in a slot', async () => {
  const { state, events } = await simulated(bowl, { pruner: 'halving', budget: { runs: 30 } });
  const spans = runSpans(state);
  const resumed = events.filter((event) => event.type === 'run.resumed');
  expect(resumed.length).toBeGreaterThan(0);
  expect(spans).toHaveLength(state.runs.length + resumed.length);
  expect(spans.filter((span) => span.status === 'paused')).toHaveLength(resumed.length);
  const half = cutAfter(events, events.findIndex((event) => event.type === 'run.paused') + 1);
  const report = reportOf(half, { version: '0' });
  expect(report.trials.some((trial) => trial.state === 'paused')).toBe(true);
  expect(htmlOf(report)).toMatch(/class="v paused"/);
});
