import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../../study/error.ts';
import { auditLog } from '../../study/logbook.ts';
import { publicLog } from '../../study/logbook.fixture.ts';
import { hasDecimalComma, momentIn, numberIn, secondsIn } from './cells.ts';
import { decodeLog, DIALECTS, knobsInText, type Log, parseLog, readLog } from './index.ts';
import { flagOf, wordOf } from './verdicts.ts';

const folder = mkdtempSync(join(tmpdir(), 'ansatz-logs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string): Log => parseLog(text, 'log');
/** Value and status of every row: `1 keep`, `- crash`. */
const rowsOf = (log: Log): string[] => log.rows.map(({ value, status }) => `${value ?? '-'} ${status ?? '?'}`);

describe('the public log of 126 trainings', () => {
  const log = read(publicLog());

  test('has the counts, gains and repeats that were found by hand', () => {
    const book = auditLog(log);
    expect(log).toMatchObject({ dialect: 'autoresearch TSV', metric: 'val_bpb', direction: 'minimize', judged: true });
    expect(book.log.rows).toHaveLength(126);
    expect(book.counts).toMatchObject({ keep: 23, discard: 102, crash: 1 });
    expect(book.claims).toHaveLength(22);
    expect(book.medianGain).toBeCloseTo(0.00046, 5);
    expect(book.claims.filter(({ gain }) => gain < 0.0007)).toHaveLength(14);
    expect(book.repeats.count).toBe(7);
    expect(book.noise.measured).toBe(true);
    expect(book.expectedFalseKeeps).toBeGreaterThan(2);
    expect(book.expectedFalseKeeps).toBeLessThan(8);
  });

  test.each([
    [6.7e-4, 3],
    [3e-4, 7],
  ])('at a noise of %d %i of 22 gains stand', (noiseSd, standing) => {
    expect(auditLog(log, { noiseSd }).standing).toBe(standing);
  });
});

const HEAD = 'commit\tval_loss\tmemory_gb\tstatus\tdescription';
const PLAIN = `${HEAD}\naaaaaa1\t1.5\t4.0\tkeep\tbaseline\naaaaaa2\t1.4\t4.0\tkeep\tlr 0.1 to 0.2\naaaaaa3\t0.0\t0.0\tcrash\tbatch 4096\naaaaaa4\t1.45\t4.1\tdiscard\twarmup\n`;
const AS_PLAIN = ['1.5 keep', '1.4 keep', '- crash', '1.45 discard'];

describe('the same log in every dialect', () => {
  const records = [
    { commit: 'aaaaaa1', val_loss: 1.5, status: 'keep', description: 'baseline' },
    { commit: 'aaaaaa2', val_loss: 1.4, status: 'keep', description: 'lr 0.1 to 0.2' },
    { commit: 'aaaaaa3', val_loss: null, status: 'crash', description: 'batch 4096' },
    { commit: 'aaaaaa4', val_loss: 1.45, status: 'discard', description: 'warmup' },
  ];
  const cells = PLAIN.trim()
    .split('\n')
    .map((line) => line.split('\t'));
  const table = cells
    .map((row, i) => `| ${row.join(' | ')} |${i === 0 ? `\n|${row.map(() => '---').join('|')}|` : ''}`)
    .join('\n');
  const pi = [
    '{"type":"config","name":"x","metricName":"val_loss","metricUnit":"","bestDirection":"lower"}',
    ...records.map(({ val_loss, ...rest }, i) =>
      JSON.stringify({ run: i + 1, metric: val_loss ?? 0, metrics: { mem: 4 }, ...rest, segment: 0 }),
    ),
  ].join('\n');
  const forms: Record<string, string> = {
    TSV: PLAIN,
    CSV: cells.map((row) => row.join(',')).join('\n'),
    'CSV with semicolons and decimal commas': cells
      .map((row) => row.map((cell) => cell.replace('.', ',')).join(';'))
      .join('\r\n'),
    'columns parted by spaces': cells.map((row) => row.map((cell) => cell.padEnd(16)).join('  ')).join('\n'),
    'a Markdown table': `# Log\n\nWords.\n\n${table}\n\nMore | words.\n`,
    'a table without outer bars': `${cells[0]!.join(' | ')}\n${cells[0]!.map(() => ':--').join(' | ')}\n${cells
      .slice(1)
      .map((row) => row.join(' | '))
      .join('\n')}`,
    'TSV in a fence': `# Results\n\n\`\`\`tsv\n${PLAIN}\`\`\`\n`,
    'JSON records': JSON.stringify(records),
    'JSON records in an object': JSON.stringify({ name: 'x', results: records }, null, 2),
    'JSON by name': JSON.stringify(Object.fromEntries(records.map((record, i) => [`exp${i}`, record]))),
    'JSON by column': JSON.stringify(
      Object.fromEntries(
        Object.keys(records[0]!).map((key) => [
          key,
          Object.fromEntries(records.map((record, i) => [i, record[key as 'status']])),
        ]),
      ),
    ),
    'JSON lines': records.map((record) => JSON.stringify(record)).join('\n'),
    'pi-autoresearch JSON lines': pi,
    'Markdown headings': `# Log\n\n${records.map((record) => `## ${record.commit} — ${record.status}\n**Change:** ${record.description}\n**Result:** ${record.val_loss === null ? 'OOM' : `val_loss ${record.val_loss}, memory 4GB`}\n`).join('\n')}`,
    'a byte order mark': `\ufeff${PLAIN}`,
    'line ends of Windows': PLAIN.replaceAll('\n', '\r\n'),
    'line ends of old Macs': PLAIN.replaceAll('\n', '\r'),
    'no header': PLAIN.split('\n').slice(1).join('\n'),
    'no line end at the end': PLAIN.trimEnd(),
    'the header as a comment': `#${PLAIN}`,
    'comments above': `# my log\n# metric_direction: lower_is_better\n${PLAIN}`,
    'headers repeated': PLAIN.replace('\naaaaaa3', `\n${HEAD}\naaaaaa3`),
    'summary lines at the end': `${PLAIN}\n---\nBest: 1.4 at aaaaaa2\nTOTAL\t4\t\t\t\n`,
    'blank lines': PLAIN.replaceAll('\n', '\n\n'),
    'statuses in capitals, bold and emoji': PLAIN.replaceAll('keep', '**KEEP** ✅')
      .replace('crash', '💥 CRASH')
      .replace('discard', 'Discarded!'),
    synonyms: PLAIN.replaceAll('keep', 'ACCEPTED').replace('crash', 'OOM').replace('\tdiscard', '\treverted_worse'),
    'verdicts with remarks': PLAIN.replaceAll('keep', 'kept (better)').replace(
      '\tdiscard',
      '\treverted (loss +0.05, within noise)',
    ),
    'units in cells': PLAIN.replaceAll(/\t(\d\.\d+)\t(\d)/g, '\t$1 nats\t$2').replaceAll(/\t(4\.\d)\t/g, '\t$1 GB\t'),
    'values in Markdown': PLAIN.replace('1.4\t', '**1.4**\t').replace('1.45\t', '`1.45`\t'),
    'values with an uncertainty': PLAIN.replace('1.4\t', '1.4 ± 0.01\t'),
    'tabs in the description': PLAIN.replace('lr 0.1 to 0.2', 'lr\t0.1 to\t0.2'),
    'a crash as a dash': PLAIN.replace('\t0.0\t0.0\tcrash', '\t—\tN/A\tcrash'),
    'a crash as NaN': PLAIN.replace('\t0.0\t0.0\tcrash', '\tnan\t\tcrash'),
    'a crash as inf': PLAIN.replace('\t0.0\t0.0\tcrash', '\tinf\t0.0\tcrash'),
    'a crash in place of the value': PLAIN.replace('\t0.0\t0.0\tcrash', '\tFAILED\t0.0\toom'),
    'columns in another order': cells.map((row) => row.toReversed().join('\t')).join('\n'),
    'a column more': cells.map((row, i) => [...row, i === 0 ? 'tok_per_sec' : '1000'].join('\t')).join('\n'),
    'a second metric': cells
      .map((row, i) => [...row.slice(0, 1), i === 0 ? 'train_loss' : '0.9', ...row.slice(1)].join('\t'))
      .join('\n'),
    'empty fields at the end': PLAIN.replaceAll('\n', '\t\t\n'),
  };

  test.each(Object.entries(forms))('%s', (_, text) => {
    const log = read(text);
    expect(rowsOf(log)).toEqual(AS_PLAIN);
    expect(log.direction).toBe('minimize');
    expect(auditLog(log).claims).toHaveLength(1);
    expect(log.rows.at(-1)!.text ?? '').toMatch(/^warmup/);
    expect(log.guesses.length).toBeGreaterThan(2);
  });

  test('rows have the line they have in the file', () => {
    for (const form of ['TSV', 'CSV', 'comments above', 'TSV in a fence', 'headers repeated'] as const) {
      const text = forms[form]!;
      const lines = text.split(/\r?\n/);
      for (const { row, commit } of read(text).rows) expect(lines[row - 1], form).toContain(commit);
    }
  });

  test.each(['utf-16le', 'utf-16be'])('%s', (encoding) => {
    const bytes = Buffer.from(PLAIN, 'utf16le');
    if (encoding === 'utf-16be') bytes.swap16();
    const marked = Buffer.concat([Buffer.from(encoding === 'utf-16be' ? [0xfe, 0xff] : [0xff, 0xfe]), bytes]);
    for (const given of [bytes, marked]) {
      const { text, guesses } = decodeLog(given, 'log');
      expect(text).toBe(PLAIN);
      expect(guesses.join()).toContain('UTF-16');
    }
  });

  test('Windows-1252', () => {
    const { text, guesses } = decodeLog(Buffer.from(PLAIN.replace('warmup', 'caf\u00e9'), 'latin1'), 'log');
    expect(text).toContain('café');
    expect(guesses.join()).toContain('Windows-1252');
  });

  test.each(Object.entries(DIALECTS))('%s gives undefined or a table for anything, and never throws', (_, dialect) => {
    for (const text of [
      'x',
      '{',
      '[',
      '[]',
      '{}',
      '[1,2]',
      '|',
      '||',
      '|-|',
      '\t',
      '\t\t\n\t',
      ',,,\n',
      '"',
      'a,"b',
      '```',
      '{"a":',
      '{"__proto__":1}\n{"constructor":2}',
      '# a — keep\n# b — keep',
      'null',
      '\u0000',
      '-|-\n-|-',
      ...Object.values(forms),
    ]) {
      const table = dialect(text);
      if (table !== undefined) expect(Array.isArray(table.records)).toBe(true);
    }
  });
});

describe('hostile logs', () => {
  test('line ends and quotes inside cells of a CSV', () => {
    const log = read(
      'id,loss,status,note\n1,0.5,keep,"base, line"\n2,0.4,discard,"two\nlines ""quoted"""\n3,0.3,keep,end\n',
    );
    expect(log.rows.map(({ row, text }) => [row, text])).toEqual([
      [2, 'base, line'],
      [3, 'two\nlines "quoted"'],
      [5, 'end'],
    ]);
  });

  test('a quote that is never closed', () => {
    const log = read('id,loss,status,note\n1,0.5,keep,"base\n2,0.4,discard,x\n3,0.3,keep,y\n');
    expect(rowsOf(log)).toEqual(['0.5 keep', '0.4 discard', '0.3 keep']);
    expect(log.guesses.join()).toContain('quotes');
  });

  test('JSON lines with a broken last line, and with a second configuration', () => {
    const row = (run: number, metric: number, segment: number): string =>
      JSON.stringify({ run, metric, status: 'keep', description: 'd', segment });
    const config = '{"type":"config","metricName":"µs","bestDirection":"lower"}';
    const log = read([config, row(1, 5, 0), row(2, 4, 0), config, row(1, 9, 1), '{"run":2,"metr'].join('\n'));
    expect(log.rows.map(({ group }) => group)).toEqual(['segment 0', 'segment 0', 'segment 1']);
    expect(log.guesses.join('\n')).toMatch(/1 line that is no JSON left out \(first: line 6\)/);
    expect(log).toMatchObject({ metric: 'µs', direction: 'minimize' });
  });

  test('several fenced tables in one Markdown: alike ones are one log, others are left out', () => {
    const table = (rows: string): string => `| run | loss | status |\n|---|---|---|\n${rows}\n`;
    const log = read(
      `${table('| 1 | 3 | keep |\n| 2 | 2 | keep |')}\ntext\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n${table('| 3 | 1 | keep |')}`,
    );
    expect(rowsOf(log)).toEqual(['3 keep', '2 keep', '1 keep']);
    expect(log.guesses.join('\n')).toMatch(/2 tables with the same header[\s\S]*1 other table/);
  });

  test('rows of several shapes in one file', () => {
    const odd = Array.from(
      { length: 3 },
      (_, i) =>
        `r6${i}_g0\tspsa\td2_e128\tcurriculum\t1.4${i}\t${['NEW BEST', 'a bit worse', 'FAIL diverges'][i]} — long words about what it was\t`,
    );
    const log = read(
      `${PLAIN}${odd.join('\n')}\nr70\tspsa\td2_e128\tcurriculum\tFAIL\tlr diverges, near the stability boundary\n`,
    );
    expect(rowsOf(log)).toEqual([...AS_PLAIN, '1.4 keep', '1.41 discard', '- crash', '- crash']);
    expect(log.guesses.join('\n')).toMatch(/4 lines with 6 fields \(first: line 6\): field 5 read as val_loss/);
  });

  test('a part that names its own columns', () => {
    const log = read(
      `${PLAIN}\n=====\nSecond part\n=====\nColumns: date, tag, val_loss, status, description\n\n2026-09-03, a0, 3.07, keep, base, with a comma\n2026-09-03, a1, 3.08, neutral, other\n`,
    );
    expect(rowsOf(log)).toEqual([...AS_PLAIN, '3.07 keep', '3.08 discard']);
    expect(new Set(log.rows.map(({ group }) => group))).toEqual(new Set([undefined, 'part 2']));
    expect(log.rows[4]!.text).toBe('base, with a comma');
  });

  test('descriptions that spill over the next lines', () => {
    const log = read(PLAIN.replace('warmup\n', 'warmup\nimport pytest\nfrom unittest import mock\n\n'));
    expect(rowsOf(log)).toEqual(AS_PLAIN);
    expect(log.guesses.join('\n')).toContain('2 lines that are no rows left out (first: line 6)');
  });

  test('a metric that is to be maximised, by its name, by the log, by what was kept', () => {
    expect(read(PLAIN.replace('val_loss', 'roc_auc').replace('1.4\t', '1.6\t')).direction).toBe('maximize');
    expect(read(`# metric_direction: higher_is_better\n${PLAIN.replace('val_loss', 'metric')}`).direction).toBe(
      'maximize',
    );
    const rows = [5, 6, 5.5, 7, 6.5, 8, 7.5, 9].map(
      (value, i) => `e${i}\t${value}\t${i % 2 === 1 || i === 0 ? 'keep' : 'discard'}\tx${i}`,
    );
    const log = read(`exp\tscore\tstatus\tdescription\n${rows.join('\n')}`);
    expect(log.direction).toBe('maximize');
    expect(log.guesses.join('\n')).toContain('by what was kept');
  });

  test('a kept column of flags, and columns that say only how a run ended', () => {
    expect(rowsOf(read('id\teval_acc\tkept\tnote\na\t0.1\t1\tbase\nb\t0.2\t0\tx\nc\t0.3\t1\ty\n'))).toEqual([
      '0.1 keep',
      '0.2 discard',
      '0.3 keep',
    ]);
    const ran = read('id,val_loss,success,lr\n1,100,false,0.1\n2,0.9,true,0.2\n3,0.8,true,0.3\n4,0.85,true,0.4\n');
    expect(ran.judged).toBe(false);
    expect(rowsOf(ran)).toEqual(['- crash', '0.9 ?', '0.8 ?', '0.85 ?']);
    expect(auditLog(ran).counts).toMatchObject({ keep: 2, discard: 1, crash: 1 });
    const passed = read(
      'id\ttflops\tcorrectness\tdescription\n1\t10\tPASS\ta\n2\t9\tREVERT\tb\n3\t12\tPASS\tc\n4\t0\tFAIL\td\n',
    );
    expect(rowsOf(passed)).toEqual(['10 keep', '9 discard', '12 keep', '- crash']);
  });

  test('verdicts that are signs alone; yes and no; a sweep of which most runs are under way', () => {
    const log = (signs: readonly string[], name = 'status'): string =>
      ['id', ...signs]
        .map((sign, i) => (i === 0 ? `id\tval_bpb\t${name}` : `c${i}\t${(1 - i / 100).toFixed(3)}\t${sign}`))
        .join('\n');
    for (const [yes, no] of [
      ['✅', '❌'],
      ['✅', '👎'],
      ['👍', '👎'],
    ] as const)
      expect(read(log([yes, no, yes, no])).rows.map(({ status }) => status)).toEqual([
        'keep',
        'discard',
        'keep',
        'discard',
      ]);
    expect(read(log(['yes', 'no', 'yes', 'no'], 'decision')).rows.map(({ status }) => status)).toEqual([
      'keep',
      'discard',
      'keep',
      'discard',
    ]);
    const rows = Array.from({ length: 20 }, (_, i) =>
      i < 15
        ? `"r${i}","running","${60 + i}","0.${i + 1}",""`
        : `"r${i}","finished","${80 + i}","0.${i + 1}","0.4${i}"`,
    );
    expect(read(['"Name","State","Runtime","lr","val_loss"', ...rows].join('\n'))).toMatchObject({
      metric: 'val_loss',
    });
  });

  test('a value a row and beside it of what; a metric that was measured now and then; the table that is the log', () => {
    const long = read(
      'exp\tmetric\tvalue\tstatus\tdescription\nE0\tmae\t5\tKEEP\ta\nE0b\tr2\t0.5\tKEEP\tb\nE1\tmae\t4\tKEEP\tc\nE1b\tr2\t0.6\tKEEP\td\n',
    );
    expect(long.rows.map(({ group }) => group)).toEqual(['mae', 'r2', 'mae', 'r2']);
    const rows = Array.from({ length: 8 }, (_, i) => `c${i}\t${29 - i}\t${i === 0 ? '4.58' : '-'}\tdiscard\tidea ${i}`);
    expect(read(`id\ttok_s\tppl\tstatus\tdescription\n${rows.join('\n')}`)).toMatchObject({
      metric: 'tok_s',
      direction: 'maximize',
    });
    const md = read(
      '| Feature | Values |\n|---|---|\n| a | 1 |\n| b | 2 |\n| c | 3 |\n\n| Exp | MAE | Decision |\n|---|---|---|\n| T1 | 5.2 | KEEP |\n| T2 | 5.1 | REVERT |\n',
    );
    expect(rowsOf(md)).toEqual(['5.2 keep', '5.1 discard']);
  });

  test('the verdict of the log goes before what its value says', () => {
    expect(
      rowsOf(read(`${PLAIN}aaaaaa5\tFAILED\t0.0\treverted_oom\tdim 576\naaaaaa6\tFAILED\t0.0\t\tdim 640\n`)).slice(4),
    ).toEqual(['- discard', '- crash']);
  });

  test('numbers that stand for no result', () => {
    const log = read(
      'exp\tscore\tstatus\tdescription\ne0\t-999.0\tBASELINE\tnone\ne1\t1.07\tKEEP\tfix\ne2\t-999.0\tREVERT\tx\ne3\t1.2\tKEEP\ty\ne4\t1.1\tREVERT\tz\n',
    );
    expect(log.rows.map(({ value }) => value)).toEqual([undefined, 1.07, undefined, 1.2, 1.1]);
    expect(log.guesses.join('\n')).toContain('-999 in 2 rows stands for no result');
    // Accuracies do reach zero.
    expect(read('id\taccuracy\tkept\nx\t0\t1\ny\t0.1\t0\nz\t0.5\t1\nw\t0.6\t1\n').rows[0]!.value).toBe(0);
  });

  test('names from the language', () => {
    const log = read('id\tloss\t__proto__\tconstructor\tstatus\n1\t0.5\tx\ty\tkeep\n2\t0.4\tx\ty\tkeep\n');
    expect(log.rows[0]!.raw).toHaveProperty('constructor', 'y');
    expect(Object.keys(log.rows[0]!.raw)).toContain('__proto__');
    expect(auditLog(log).claims).toHaveLength(1);
  });

  test('one row, only crashes, no metric, no keep', () => {
    expect(rowsOf(read(PLAIN.split('\n').slice(0, 2).join('\n')))).toEqual(['1.5 keep']);
    expect(rowsOf(read(`${HEAD}\na\t0\t0\tcrash\tx\nb\t0\t0\tcrash\ty\n`))).toEqual(['- crash', '- crash']);
    const none = read('commit\tstatus\tdescription\naaaaaa1\tkept\tlanding page\naaaaaa2\tkept\tauth\n');
    expect(none.guesses.join('\n')).toContain('no column looks like one');
    const zeros = read('commit\tmetric_after\tstatus\tdescription\nn\t0\trejected\ta: FAIL\nn\t0\trejected\tb: FAIL\n');
    expect(auditLog(zeros)).toMatchObject({ counts: { keep: 0, discard: 2 }, claims: [] });
  });

  test('exports of trackers: settings, states, times, groups', () => {
    const optuna = read(
      'number,value,datetime_start,datetime_complete,duration,params_lr,params_act,user_attrs_note,state\n0,0.5,2026-01-01 00:00:00.000001,2026-01-01 00:05:00,0 days 00:05:00,0.1,relu,,COMPLETE\n1,0.6,2026-01-01 00:05:00,2026-01-01 00:10:00,0 days 00:05:00,0.2,relu,,PRUNED\n2,,2026-01-01 00:10:00,2026-01-01 00:11:00,0 days 00:01:00,0.3,gelu,,FAIL\n3,0.4,2026-01-01 00:11:00,2026-01-01 00:16:00,0 days 00:05:00,0.1,relu,,COMPLETE\n',
    );
    expect(optuna).toMatchObject({ dialect: 'Optuna CSV', metric: 'value', judged: false });
    expect(optuna.rows.map(({ knobs, seconds, status }) => [knobs, seconds, status])).toEqual([
      [{ lr: 0.1, act: 'relu' }, 300, undefined],
      [{ lr: 0.2, act: 'relu' }, 300, 'discard'],
      [{ lr: 0.3, act: 'gelu' }, 60, 'crash'],
      [{ lr: 0.1, act: 'relu' }, 300, undefined],
    ]);
    expect(auditLog(optuna).repeats).toMatchObject({ count: 1, seconds: 300 });

    const wandb = read(
      '"Name","State","Notes","User","Tags","Created","Runtime","Sweep","lr","batch_size","train_loss","val_loss"\n"calm-sun-1","finished","-","me","","2026-01-01T00:00:00.000Z","120","","0.1","32","0.3","0.5"\n"wild-sea-2","crashed","-","me","","2026-01-01T01:00:00.000Z","20","","0.2","32","",""\n"dark-bog-3","finished","-","me","","2026-01-01T02:00:00.000Z","130","","0.3","64","0.2","0.45"\n',
    );
    expect(wandb).toMatchObject({ dialect: 'W&B CSV', metric: 'val_loss', direction: 'minimize', judged: false });
    expect(wandb.rows[1]).toMatchObject({
      status: 'crash',
      seconds: 20,
      knobs: { lr: 0.2, batch_size: 32 },
      id: 'wild-sea-2',
    });

    const mlflow = read(
      'run_id,experiment_id,status,start_time,end_time,metrics.val_acc,metrics.train_acc,params.lr,tags.mlflow.runName\nabc1,0,FINISHED,2026-01-01 00:00:00,2026-01-01 00:01:30,0.9,0.95,0.1,a\nabc2,0,FAILED,2026-01-01 00:00:00,2026-01-01 00:00:10,,,0.2,b\nabc3,0,FINISHED,2026-01-01 00:00:00,2026-01-01 00:01:00,0.92,0.99,0.3,c\n',
    );
    expect(mlflow).toMatchObject({ dialect: 'MLflow CSV', metric: 'metrics.val_acc', direction: 'maximize' });
    expect(mlflow.rows[0]).toMatchObject({ seconds: 90, knobs: { lr: 0.1 } });
    expect(mlflow.rows[1]!.status).toBe('crash');

    const groups = read(
      JSON.stringify({
        tpe: {
          0: [
            { tid: 0, val_bpb: 0.99, success: true, wt: 300, LR: 0.1 },
            { tid: 1, val_bpb: 100, success: false, wt: 30, LR: 0.2 },
          ],
        },
        random: { 0: [{ tid: 0, val_bpb: 0.98, success: true, wt: 300, LR: 0.1 }] },
      }),
    );
    expect(groups.rows.map(({ group, value, seconds, knobs }) => [group, value, seconds, knobs])).toEqual([
      ['tpe/0', 0.99, 300, { LR: 0.1 }],
      ['tpe/0', undefined, 30, { LR: 0.2 }],
      ['random/0', 0.98, 300, { LR: 0.1 }],
    ]);
  });

  test('the user knows better: metric, direction, status', () => {
    const text =
      'id\tloss\tacc\tstate\tdecision\n1\t0.5\t0.1\tdone\tkeep\n2\t0.4\t0.2\tdone\tdiscard\n3\t0.3\t0.3\tdone\tkeep\n';
    const log = parseLog(text, 'log', { metric: 'acc', statusColumn: 'state', direction: 'minimize' });
    expect(log).toMatchObject({ metric: 'acc', direction: 'minimize', judged: false });
    expect(() => parseLog(text, 'log', { metric: 'los' })).toThrow(/no column is called "los"; closest: "loss"/);
    expect(() => parseLog(text, 'log', { statusColumn: 'decisoin' })).toThrow(/closest: "decision"/);
  });
});

describe('files that are no logs', () => {
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  test.each([
    ['no-log', () => join(folder, 'nowhere.tsv')],
    ['not-a-file', () => folder],
    ['empty-log', () => file('empty.tsv', '')],
    ['empty-log', () => file('space.tsv', ' \n\n')],
    ['empty-log', () => file('head.tsv', `${HEAD}\n`)],
    [
      'binary-log',
      () =>
        file(
          'image.png',
          Uint8Array.from({ length: 2000 }, (_, i) => (i * 7919) % 256),
        ),
    ],
    ['no-table', () => file('prose.md', 'It was a dark and stormy night.\n\nNothing was measured.\n')],
    ['no-table', () => file('number.json', '42')],
  ])('%s', (code, path) => {
    expect(() => readLog(path())).toThrow(expect.objectContaining({ code }) as Error);
  });

  test('more than 100 MiB', () => {
    const path = file('big.tsv', PLAIN);
    truncateSync(path, 100 * 2 ** 20 + 1);
    expect(() => readLog(path)).toThrow(expect.objectContaining({ code: 'big-log' }) as Error);
  });

  test('a megabyte in one cell, and a hundred thousand rows, take seconds', () => {
    const start = performance.now();
    read(`id\tloss\tstatus\tdescription\n1\t0.5\tkeep\t${'word 0.5 with (lr=1) '.repeat(50_000)}\n2\t0.4\tkeep\tx\n`);
    const many = Array.from(
      { length: 100_000 },
      (_, i) => `c${i}\t${(1 + ((i * 7919) % 1000) / 1e5).toFixed(5)}\t4\tdiscard\tchange no ${i}`,
    );
    expect(auditLog(read(`${HEAD}\n${many.join('\n')}`)).steps).toHaveLength(100_000);
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

test('whatever is in a file, it is a log that can be audited or an error that says what to do', () => {
  const cell = fc.oneof(
    fc.constantFrom(
      'keep',
      'discard',
      'crash',
      'loss',
      'status',
      'description',
      'commit',
      '',
      '-',
      'nan',
      'inf',
      '1e999',
      '-0',
      '0',
      '"',
      '""',
      '{',
      '}',
      '[',
      ']',
      '|',
      '---',
      '```',
      '#',
      '##',
      ':',
      '__proto__',
      'seed 1 to 2',
      'baseline',
      'NEW BEST',
      '\u202e',
      '🙂',
    ),
    fc.double().map(String),
    fc.integer().map(String),
    fc.string({ maxLength: 12 }),
  );
  const mark = fc.constantFrom('\t', ',', ';', ' | ', '  ', ': ');
  const text = fc
    .tuple(mark, fc.array(fc.array(cell, { maxLength: 7 }), { maxLength: 12 }), fc.constantFrom('\n', '\r\n', '\n\n'))
    .map(([by, rows, end]) => rows.map((row) => row.join(by)).join(end));
  const record = fc.dictionary(
    fc.constantFrom(
      'loss',
      'status',
      'run',
      'metric',
      'value',
      'text',
      'lr',
      'seed',
      '__proto__',
      'type',
      'metricName',
    ),
    fc.oneof(fc.double(), cell, fc.constant(null), fc.boolean(), fc.object({ maxDepth: 2 })),
  );
  const whole = fc.oneof(
    text,
    fc.array(record, { maxLength: 8 }).map((list) => JSON.stringify(list)),
    fc.array(record, { maxLength: 8 }).map((list) => list.map((one) => JSON.stringify(one)).join('\n')),
    fc.object({ maxDepth: 4 }).map((object) => JSON.stringify(object)),
  );
  fc.assert(
    fc.property(whole, (given) => {
      let log: Log;
      try {
        log = read(given);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return;
      }
      for (const { value } of log.rows) expect(value === undefined || Number.isFinite(value)).toBe(true);
      const book = auditLog(log);
      expect(Object.values(book.counts).reduce((a, b) => a + b, 0)).toBe(log.rows.length);
      expect(book.expectedFalseKeeps ?? 0).not.toBeNaN();
      expect(book.claims.length).toBeLessThanOrEqual(book.counts.keep);
    }),
    { numRuns: 1500 },
  );
});

describe('cells', () => {
  test.each([
    ['0.993 bpb', 0.993],
    ['93.1%', 93.1],
    ['93.1 %', 93.1],
    ['1,234.5', 1234.5],
    ['−0.5', -0.5],
    ['~0.97', 0.97],
    ['0.97±0.01', 0.97],
    ['**0.97** (best)', 0.97],
    ['1.2e-3', 0.0012],
    ['.5', 0.5],
    ['26.9GB', 26.9],
    ['inf', Infinity],
    ['N/A', undefined],
    ['4e6697f', undefined],
    ['12 of 20', undefined],
    ['depth 9', undefined],
    ['2026-01-01', undefined],
    ['1.2.3', undefined],
    ['', undefined],
  ])('%s is %s', (cell, value) => expect(numberIn(cell)).toBe(value));

  test('decimal commas are told from thousands', () => {
    expect(hasDecimalComma(['0,993', '1,01'])).toBe(true);
    expect(hasDecimalComma(['1,234', '12,345'])).toBe(false);
    expect(hasDecimalComma(['1,234.5', '0.5'])).toBe(false);
    expect(numberIn('1.234,5', true)).toBe(1234.5);
  });

  test.each([
    ['300.1', 300.1],
    ['5 min', 300],
    ['1h30m', 5400],
    ['0:05:12', 312],
    ['0 days 00:05:00.5', 300.5],
    ['250ms', 0.25],
    ['-', undefined],
  ])('%s takes %s s', (cell, seconds) => expect(secondsIn(cell, 1)).toBe(seconds));

  test('moments', () => {
    expect(momentIn('1777144208804')).toBe(1777144208804);
    expect(momentIn('1777144208')).toBe(1777144208000);
    expect(momentIn('2026-03-19T00:49:23Z')).toBe(Date.UTC(2026, 2, 19, 0, 49, 23));
    expect(momentIn('0.5')).toBeUndefined();
  });

  test('verdicts', () => {
    const words: Record<string, string[]> = {
      keep: [
        'KEEP',
        'kept-provisional (probe within noise)',
        'NEW_BEST',
        'baseline',
        'CONFIRMED',
        '✅',
        'compile_clean_accept',
        'best-at-250',
      ],
      discard: [
        'reverted (bpc +0.1)',
        'reverted_marginal',
        'no_improvement',
        'not improved',
        'rejected',
        'neutral',
        '👎',
        'KILL',
        'parked',
      ],
      crash: ['OOM', 'timed out', 'checks_failed', 'FAILED: shapes', 'invalid (dup)', '💥', 'diverged'],
      running: ['TODO', 'in progress', 'queued'],
      ran: ['success', 'COMPLETE', 'ok', 'finished'],
      open: ['keep-candidate', 'tentative'],
    };
    for (const [word, list] of Object.entries(words))
      for (const cell of list) expect(`${cell}: ${wordOf(cell)}`).toBe(`${cell}: ${word}`);
    for (const cell of ['', 'train', '0.97', 'a long sentence that happens to end with keep'])
      expect(wordOf(cell)).toBeUndefined();
    expect(flagOf('crashed', 'false')).toBe('ran');
    expect(flagOf('kept', '0')).toBe('discard');
  });

  test('settings in a description', () => {
    expect(knobsInText('depth=6 lr=5e-4 act=gelu amp=true')).toEqual({ depth: 6, lr: 5e-4, act: 'gelu', amp: true });
    expect(knobsInText('embedding LR 0.6 to 0.8')).toEqual({ embedding_LR: 0.8 });
    expect(knobsInText('weight_decay 0.2→0.15 (flat)')).toEqual({ weight_decay: 0.15 });
    expect(knobsInText('use SwiGLU')).toEqual({});
  });
});
