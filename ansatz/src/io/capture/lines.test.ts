import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLine, type ParsedLine } from './lines.ts';

/** Pairs of a line and, indented behind `=>`, what it must be understood as. */
function cases(name: string): [line: string, meaning: string][] {
  const rows = readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8').split('\n');
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rows.length; i += 2) pairs.push([rows[i]!, rows[i + 1]!.replace('  => ', '')]);
  return pairs;
}

/** `step 10/100, epoch 2 | train loss = 2.8656 (0.0001) | time = 117.67 ms (0.01)`, or `nothing`. */
function render(line: ParsedLine | undefined): string {
  if (line === undefined) return 'nothing';
  const counters: string[] = [];
  if (line.step !== undefined) counters.push(`step ${line.step}${line.total === undefined ? '' : `/${line.total}`}`);
  if (line.epoch !== undefined) counters.push(`epoch ${line.epoch}`);
  if (line.summary) counters.push('alone');
  const values = line.values.map(
    ({ key, value, unit, resolution }) => `${key} = ${value}${unit === undefined ? '' : ` ${unit}`} (${resolution})`,
  );
  return [counters.join(', '), ...values].filter((part) => part !== '').join(' | ');
}

describe('real lines of training scripts', () => {
  const real = cases('log-lines.txt');
  it('are 33', () => expect(real).toHaveLength(33));
  it.each(real)('%s', (line, meaning) => expect(render(parseLine(line))).toBe(meaning));
});

describe('lines like them, and lines that only look like them', () => {
  it.each(cases('look-alikes.txt'))('%s', (line, meaning) => expect(render(parseLine(line))).toBe(meaning));
});

const name = fc.constantFrom('loss', 'val_loss', 'train/acc', 'Acc@1', 'lm loss', 'grad norm', 'valid ppl', 'F1');
const number = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value.toFixed(4)),
  fc.double({ min: 1e-8, max: 1e8, noNaN: true }).map((value) => value.toExponential(3)),
  fc.constantFrom('nan', 'inf', '-inf', 'NaN'),
);
const step = fc.nat(1e6);

function valueOf(text: string): number {
  const plain = text.toLowerCase();
  if (plain.includes('nan')) return NaN;
  return plain.includes('inf') ? (plain.startsWith('-') ? -Infinity : Infinity) : Number(text);
}

describe('whatever the numbers are', () => {
  it.each([
    ['key: value', (s: number, k: string, v: string) => `step ${s} | ${k}: ${v}`],
    ['key=value', (s: number, k: string, v: string) => `step=${s} ${k}=${v}`],
    ['key value', (s: number, k: string, v: string) => `iter ${s}: ${k} ${v}, time 12ms`],
    ['tqdm', (s: number, k: string, v: string) => ` 62%|██▎  | ${s}/${s + 1} [00:00<00:00, 1.5it/s, ${k}=${v}]`],
    ['a logged line', (s: number, k: string, v: string) => `2026-01-02 10:11:12,345 - INFO - [step ${s}] ${k}=${v}`],
    ['JSON', (s: number, k: string, v: string) => `{"step": ${s}, "${k}": ${v.replace('inf', 'Infinity')}}`],
    ['Python', (s: number, k: string, v: string) => `{'step': ${s}, '${k}': '${v}'}`],
  ])('%s gives back its name, value and step', (_, print) => {
    fc.assert(
      fc.property(step, name, number, (s, k, v) => {
        const line = parseLine(print(s, k, v));
        const found = line?.values.find((value) => value.key === k);
        expect(found?.value).toBe(valueOf(v));
        expect(line?.step).toBe(s);
      }),
    );
  });

  it('the line never throws, and never yields two values of one name', () => {
    const noise = fc.array(
      fc.constantFrom(
        'loss',
        '0.5',
        '{',
        '}',
        "'",
        '"',
        ':',
        '=',
        '|',
        '[',
        ']',
        '(',
        ')',
        ',',
        ' ',
        '\t',
        '/',
        '%',
        'step',
        '1e999',
        'nan',
        '-',
        '.',
        'Epoch',
        '3/4',
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(noise, (parts) => {
        const keys = parseLine(parts.join(''))?.values.map((value) => value.key.toLowerCase()) ?? [];
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 2000 },
    );
  });
});

it('a line of 4 KiB made to be hard takes no more than a moment', () => {
  for (const unit of [
    ' ',
    '(',
    '[',
    '{',
    '{"a":',
    '0 ',
    'a ',
    '1/',
    'loss ',
    'a: ',
    '.',
    '-',
    '0.5 a',
    'a=1 ',
    '\t1',
    '|',
    'tensor(',
    "('",
    '1:',
    'step 1 ',
    '((',
    '[[1',
    'a(b=',
    '=>',
    '# ',
    '━',
  ]) {
    const line = `${unit.repeat(Math.floor(4000 / unit.length))} loss: 0.5`;
    const start = performance.now();
    parseLine(line);
    expect(performance.now() - start, unit).toBeLessThan(400);
  }
});
