import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseLog } from '../../io/logs/index.ts';
import { publicLog } from '../../study/logbook.fixture.ts';
import { auditLog, type Logbook } from '../../study/logbook.ts';
import { logbookHtml } from '../report/logbook.ts';
import { auditLines, auditTable } from './audit-lines.ts';
import { auditJson, bookOf } from './audit.ts';
import { visibleWidth } from './text.ts';

const folder = mkdtempSync(join(tmpdir(), 'ansatz-audit-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bookIn = (text: string, noiseSd?: number): Logbook =>
  auditLog(parseLog(text, 'results.tsv'), noiseSd === undefined ? {} : { noiseSd });

describe('the audit on one screen', () => {
  const lines = auditLines(bookIn(publicLog(), 0.0003), { columns: 80 });

  test('fits 80 columns and 45 lines', () => {
    for (const text of lines) expect(visibleWidth(text), text).toBeLessThanOrEqual(80);
    expect(lines.length).toBeLessThanOrEqual(45);
  });

  test('says what stands, what is false, what is likely, what was repeated, missed and could have been', () => {
    expect(lines.slice(0, 5)).toMatchInlineSnapshot(`
      [
        "results.tsv",
        "autoresearch TSV; val_bpb, lower is better",
        "126 rows: 23 kept, 102 dropped, 1 crashed. val_bpb 0.9979 → 0.969686.",
        "",
        "7 of 22 claimed gains stand clear of noise",
      ]
    `);
    const text = lines.join('\n');
    for (const part of [
      /7 of 22 exceed 0\.00085/,
      /expected to be no better/,
      /0\.02821 claimed, .* likely/,
      /7 rows \(5\.6 %\)/,
      /dropped within noise/,
      /Of the same 126 runs/,
      /read with \d+ guesses/,
    ])
      expect(text.replaceAll(/\n\s+/g, ' ')).toMatch(part);
  });

  test('the example in docs/audit.md is what is printed', () => {
    const docs = join(import.meta.dirname, '../../../../docs');
    const log = parseLog(readFileSync(join(docs, 'audit-example.tsv'), 'utf8'), 'audit-example.tsv');
    const [, shown] = /```\n\$ ansatz audit audit-example\.tsv\n([\s\S]*?)\n```/.exec(
      readFileSync(join(docs, 'audit.md'), 'utf8'),
    )!;
    expect(auditLines(auditLog(log), { columns: 80 })).toEqual(shown!.split('\n'));
  });

  test('several logs are a line each', () => {
    const table = auditTable([bookIn(publicLog(), 0.0003), bookIn('id\tloss\n1\t2\n')], { columns: 120 });
    expect(table[1]).toMatch(/results\.tsv +126 +23 +22 +7/);
    expect(table).toHaveLength(4);
  });

  test.each([
    'id\tloss\tstatus\n1\t2\tkeep\n',
    'id\tloss\tstatus\n1\t0\tcrash\n2\t0\tcrash\n',
    'id\tstatus\n1\tkept\n2\tkept\n',
  ])('a log with next to nothing in it: %j', (text) => {
    const shown = auditLines(bookIn(text), { columns: 80 }).join('\n');
    expect(shown).not.toMatch(/NaN|undefined|Infinity|∞/);
    expect(logbookHtml(bookIn(text), '0').replace(/<script>[\s\S]*<\/script>/, '')).not.toMatch(
      /NaN|undefined|Infinity/,
    );
  });
});

describe('the audit as JSON', () => {
  test('begins with the documented fields in their order, and has no number that JSON lacks', () => {
    const json = auditJson(bookIn(publicLog(), 6.7e-4));
    expect(Object.keys(json).slice(0, 15)).toEqual([
      'file',
      'dialect',
      'rows',
      'keeps',
      'discards',
      'crashes',
      'gains',
      'medianGain',
      'noiseSd',
      'noiseFrom',
      'standing',
      'expectedFalseKeeps',
      'repeats',
      'nearMisses',
      'guesses',
    ]);
    expect(json).toMatchObject({
      rows: 126,
      keeps: 23,
      discards: 102,
      crashes: 1,
      gains: 22,
      noiseSd: 6.7e-4,
      standing: 3,
      repeats: 7,
    });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    const none = auditJson(bookIn('id\tloss\tstatus\n1\t2\tkeep\n'));
    expect(none).toMatchObject({ medianGain: null, noiseSd: null, standing: null, expectedFalseKeeps: null });
  });

  test('every field is documented', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../../docs/json.md'), 'utf8');
    const section = page.split(/^## /m).find((part) => part.includes('ansatz audit --json'))!;
    for (const key of Object.keys(auditJson(bookIn(publicLog()))))
      expect(section, key).toMatch(new RegExp(`\\b${key}\\b`));
  });
});

describe('the options', () => {
  const file = join(folder, 'results.tsv');
  writeFileSync(file, publicLog());

  test.each([
    [{ noiseSd: 'much' }, 'bad-option'],
    [{ noiseSd: '-1' }, 'bad-option'],
    [{ noiseSd: '' }, 'bad-option'],
    [{ direction: 'mx' }, 'bad-option'],
    [{ metric: 'val_bqb' }, 'no-metric'],
    [{ statusColumn: 'stats' }, 'no-column'],
    [{ baseline: 'bse' }, 'no-row'],
    [{ baseline: '17' }, 'no-row'],
  ])('%o is told with a fix: %s', (options, code) => {
    expect(() => bookOf(file, options)).toThrow(expect.objectContaining({ code }) as Error);
  });

  test('a wrong name is told the nearest', () => {
    expect(() => bookOf(file, { metric: 'val_bqb' })).toThrow('closest: "val_bpb"');
    expect(() => bookOf(file, { direction: 'mx' })).toThrow('closest: "max"');
  });

  test('the baseline and the direction are taken', () => {
    expect(bookOf(file, { baseline: 'c3' }).guesses.join('\n')).toContain('row 5 (change no 3), as asked');
    expect(bookOf(file, { direction: 'max' }).log.direction).toBe('maximize');
  });
});

describe('the page', () => {
  test('is small, loads nothing, and everything from the log in it is text', () => {
    const evil = '<script>alert(1)</script>"\'><img src=x onerror=alert(1)>\u202e\u001b[31m';
    const rows = Array.from({ length: 30 }, (_, i) => `${evil}\t${1 - i / 100}\tkeep\t${evil} no ${i}\t${evil}`);
    const page = logbookHtml(
      bookIn(`commit\tloss${evil}\tstatus\tdescription\tdataset\n${rows.join('\n')}`, 0.001),
      evil,
    );
    // The one script of its own at the end.
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/<img|[\u001b\u202e]/);
    expect(page).not.toMatch(/\s(?:src|href)="|url\(|@import/);
    expect(page).toContain('&lt;script&gt;');
  });

  test('stays below 500 kB for ten thousand rows with long descriptions', () => {
    const rows = Array.from(
      { length: 10_000 },
      (_, i) => `c${i}\t${(2 - i / 1e5).toFixed(6)}\tkeep\t${'words and words '.repeat(40)} ${i % 500}`,
    );
    const page = logbookHtml(bookIn(`commit\tloss\tstatus\tdescription\n${rows.join('\n')}`, 1e-4), '0');
    const file = join(folder, 'page.html');
    writeFileSync(file, page);
    expect(statSync(file).size).toBeLessThan(500_000);
  });

  test('says the same as the terminal', () => {
    const book = bookIn(publicLog(), 0.0003);
    const page = logbookHtml(book, '0');
    expect(page).toContain('<h1>7 of 22 claimed gains stand clear of noise</h1>');
    expect(page).toContain('0.02821 claimed');
  });
});
