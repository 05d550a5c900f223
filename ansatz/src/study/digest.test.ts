import { expect, test } from 'vitest';
import { simulated } from '../lab/lab.fixture.ts';
import { digestMail, digestMarkdown, digestRss } from '../faces/report/digest.ts';
import { simpleConfig } from './config.fixture.ts';
import { digestOf } from './digest.ts';

const { state } = await simulated(simpleConfig({ name: 'a & <b>', budget: { runs: 80 } }));

test('all of a study: what was kept is found, what was refuted is told, and the costs add up', () => {
  const digest = digestOf(state, -1);
  expect(digest.runs).toBe(state.runs.length);
  expect(digest.spent.deviceSeconds).toBeCloseTo(state.ledger.spent.deviceSeconds);
  const kept = state.trials.filter((trial) => trial.verdict === 'keep' && trial.id !== 1).map(({ id }) => id);
  const told = digest.findings.flatMap(({ trial }) => trial ?? []);
  expect(kept.length).toBeGreaterThan(0);
  expect(told.every((trial) => kept.includes(trial))).toBe(true);
  expect(told.length).toBe(Math.min(5 - digest.findings.filter(({ kind }) => kind !== 'keep').length, kept.length));
  expect(digest.findings.length).toBeLessThanOrEqual(5);
  expect(digest.findings.every(({ evidence }, i) => i === 0 || evidence <= digest.findings[i - 1]!.evidence)).toBe(
    true,
  );
  for (const { trial } of digest.refuted)
    expect(['discard', 'inconclusive', 'crash']).toContain(state.trials[trial - 1]!.verdict);
  expect(digest.bets.reduce((sum, bet) => sum + bet.trials, 0)).toBe(state.trials.length - 1);
  expect(digest.decisions.map(({ text }) => text).join()).toContain('the study has ended');
});

test('only what happened since: after the end there is nothing but what is to be decided', () => {
  const half = digestOf(state, state.now / 2);
  expect(half.runs).toBeGreaterThan(0);
  expect(half.runs).toBeLessThan(state.runs.length);
  const none = digestOf(state, state.now);
  expect(none).toMatchObject({ runs: 0, trials: 0, refuted: [], bets: [] });
  expect(none.findings.filter(({ kind }) => kind === 'keep')).toEqual([]);
});

test('as Markdown, mail and feed: the same words, and nothing that a name could break', () => {
  const digest = digestOf(state, -1);
  const text = digestMarkdown(digest);
  expect(text).toContain('### Found');
  expect(text).toContain('### To decide');
  expect(text).not.toContain('<b>');
  const mail = digestMail(digest);
  const [head, body] = mail.split('\r\n\r\n') as [string, string];
  expect(head.split('\r\n').every((line) => line.length <= 78 && /^[\x20-\x7e]*$/.test(line))).toBe(true);
  expect(Buffer.from(body, 'base64').toString()).toContain('### Found');
  const feed = digestRss(digest);
  expect(feed).toContain('<title>a &amp; &lt;b&gt;</title>');
  expect(feed.match(/<item>/g)).toHaveLength(1);
});
