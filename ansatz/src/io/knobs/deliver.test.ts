import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  lstatSync,
  readlinkSync,
  statSync,
  linkSync,
  chmodSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Delivery, Knob, StudyConfig } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';
import { pointAt } from '../../study/fidelity.ts';
import type { Point, Value } from '../../methods/space/space.ts';
import { parseConfig } from '../config/read.ts';
import { bindings, parseSource } from './constants.ts';
import { copyTree } from './copy.ts';
import { applyPatches, deliver, type Edit } from './deliver.ts';
import { patchText } from './patch.ts';
import { arrived } from './verify.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'deliver-'));
  made.push(folder);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

function study(command: string, knobs: string, seed = ''): StudyConfig {
  const text = `command: ${command}\nmetric: loss\nbudget: { runs: 1 }\n${seed}\nknobs:\n${knobs}`;
  return parseConfig(text, '/lab/ansatz.yaml', { now: 0, machine: { cpus: 1, gpus: [] } });
}

describe('a point becomes arguments', () => {
  test('what sets the scale goes with every run: the level of trials, or another with all that moves along', () => {
    const fidelity =
      'fidelity: { knob: steps, via: env STEPS, levels: [100, 200, 400], target: 5000, along: { warmup: [1.5, 2, 4] } }';
    const config = study('python train.py --warmup 9', '  lr: { from: 0, to: 1 }', fidelity);
    const started = (level?: number) => deliver(config, pointAt(config, { lr: 0.5 }, level), undefined);
    expect(started().argv.join(' ')).toBe('python train.py --lr 0.5 --warmup 2.0');
    expect(started().env).toEqual({ STEPS: '200' });
    expect(started(400).argv.join(' ')).toBe('python train.py --lr 0.5 --warmup 4.0');
    expect(started(400).env).toEqual({ STEPS: '400' });
    expect(deliver(config, { lr: 0.5 }, undefined)).toEqual(started());
  });

  const lr = '  lr: { from: -1, to: 100, via: --lr }\n';
  const amp = (via: string) => `  amp: { choices: [false, true], via: ${via} }\n`;
  const argv = (command: string, knobs: string, point: Point) =>
    deliver(study(command, knobs), point, undefined).argv.join(' ');

  test.each([
    ['a flag after the command', 'python train.py --data d', lr, { lr: 0.1 }, 'python train.py --data d --lr 0.1'],
    ['a float that shows it is one', 'python train.py', lr, { lr: 20 }, 'python train.py --lr 20.0'],
    ['a tiny float', 'python train.py', lr, { lr: 1e-7 }, 'python train.py --lr 1e-7'],
    ['a negative float in one word', 'python train.py', lr, { lr: -0.5 }, 'python train.py --lr=-0.5'],
    [
      'a flag instead of the one there',
      'python train.py --lr 0.3 data',
      lr,
      { lr: 0.1 },
      'python train.py data --lr 0.1',
    ],
    ['a flag instead of a negative one', 'python train.py --lr -0.3', lr, { lr: 0.1 }, 'python train.py --lr 0.1'],
    [
      'a flag instead of the joined one',
      'python train.py --lr=0.3 --lrx 1',
      lr,
      { lr: 0.1 },
      'python train.py --lrx 1 --lr 0.1',
    ],
    [
      'a flag of the script, not of its launcher',
      'torchrun --lr 5 train.py',
      lr,
      { lr: 0.1 },
      'torchrun --lr 5 train.py --lr 0.1',
    ],
    [
      'a joined flag',
      'python train.py',
      '  lr: { from: 0, to: 9, via: --lr= }\n',
      { lr: 3 },
      'python train.py --lr=3.0',
    ],
    ['an int', 'python train.py', '  n: { from: 0, to: 1e9, type: int }\n', { n: 1e6 }, 'python train.py --n 1000000'],
    ['a switch that is on', 'python train.py', amp('switch --amp'), { amp: true }, 'python train.py --amp'],
    ['a switch that is off', 'python train.py --amp x', amp('switch --amp'), { amp: false }, 'python train.py x'],
    [
      'a switch with a negative form',
      'python train.py --amp',
      amp('switch --amp/--no-amp'),
      { amp: false },
      'python train.py --no-amp',
    ],
    ['truth in the words of Python', 'python train.py', amp('--amp='), { amp: true }, 'python train.py --amp=True'],
    ['truth in the words of JavaScript', 'node train.mjs', amp('--amp='), { amp: true }, 'node train.mjs --amp=true'],
    [
      'an override',
      'python train.py +o.lr=1 o.lrx=2',
      '  lr: { from: 0, to: 9, via: override o.lr }\n',
      { lr: 0.5 },
      'python train.py o.lrx=2 o.lr=0.5',
    ],
    [
      'an override that needs quotes',
      'python train.py',
      '  s: { choices: ["a,b", c], via: override s }\n',
      { s: 'a,b' },
      "python train.py s='a,b'",
    ],
    ['nothing for a knob that is not named', 'python train.py --lr 7', lr, {}, 'python train.py --lr 7'],
  ])('%s', (_, command, knobs, point, words) => {
    expect(argv(command, knobs, point as Point)).toBe(words);
  });

  test('variables and the seed', () => {
    const sent = deliver(
      study('python train.py', '  lr: { from: 0, to: 9, via: env LR }\n', 'seed: --seed'),
      { lr: 2 },
      5,
    );
    expect({ ...sent.env }).toEqual({ LR: '2.0' });
    expect(sent.argv).toEqual(['python', 'train.py', '--seed', '5']);
  });

  test('the name of a knob may be that of a part of every object', () => {
    const config = study(
      'python train.py',
      '  __proto__: { from: 0, to: 1, via: --p }\n  constructor: { from: 0, to: 1 }\n',
    );
    expect(deliver(config, {}, undefined).argv).toEqual(['python', 'train.py']);
    expect(deliver(config, JSON.parse('{"__proto__": 0.5}') as Point, undefined).argv).toEqual([
      'python',
      'train.py',
      '--p',
      '0.5',
    ]);
  });
});

const patched = (text: string, file: string, ...edits: Edit[]) =>
  patchText({ text, encoding: 'utf8' }, file, edits).text;
const constant = (name: string, value: Value, as: Knob['kind'] = 'float'): Edit => ({
  by: 'constant',
  name,
  value,
  as,
});
const leaf = (path: string, value: Value, as: Knob['kind'] = 'float'): Edit => ({
  by: 'file',
  path: path.split('.'),
  value,
  as,
});

describe('a constant is replaced where it stands', () => {
  test.each([
    [
      'a float with its comment',
      'A = 1\nLR = 3e-4  # peak\nB = 2\n',
      constant('LR', 0.001),
      'A = 1\nLR = 0.001  # peak\nB = 2\n',
    ],
    ['a float that is whole', 'LR = 3e-4\n', constant('LR', 2), 'LR = 2.0\n'],
    ['a float where an int is searched', 'LR = 3.0\n', constant('LR', 2, 'int'), 'LR = 2.0\n'],
    ['an int', 'N = 4\n', constant('N', 6, 'int'), 'N = 6\n'],
    ['a power of two', 'N = 2**19 # tokens\n', constant('N', 262_144, 'int'), 'N = 2**18 # tokens\n'],
    ['a shift', 'N = 1 << 4\n', constant('N', 8, 'int'), 'N = 1 << 3\n'],
    ['what is no power of two', 'N = 2 ** 4\n', constant('N', 12, 'int'), 'N = 12\n'],
    ['digits in groups', 'N = 1_000_000\n', constant('N', 250_000, 'int'), 'N = 250_000\n'],
    ['text in its quotes', 'ACT = "relu"\n', constant('ACT', 'g"e', 'choice'), 'ACT = "g\\"e"\n'],
    ['text in single quotes', "ACT = 'relu'\n", constant('ACT', "g'e", 'choice'), "ACT = 'g\\'e'\n"],
    ['truth', 'T = True\r\nU = 1\r\n', constant('T', false, 'choice'), 'T = False\r\nU = 1\r\n'],
    [
      'a field of a class',
      'class C:\n    lr: float = 0.1\nlr = 0.2\n',
      constant('C.lr', 0.5),
      'class C:\n    lr: float = 0.5\nlr = 0.2\n',
    ],
    [
      'the default of a field',
      'class C:\n    lr: float = field(default=0.1)\n',
      constant('C.lr', 0.5),
      'class C:\n    lr: float = field(default=0.5)\n',
    ],
    [
      'an entry of a dictionary',
      'c = {"o": {"lr": 0.1}, "n": 1}\n',
      constant('c.o.lr', 0.5),
      'c = {"o": {"lr": 0.5}, "n": 1}\n',
    ],
    [
      'a keyword of a holder',
      'c = SimpleNamespace(lr=0.1, n=2)\n',
      constant('c.lr', 0.5),
      'c = SimpleNamespace(lr=0.5, n=2)\n',
    ],
    ['a member', 'c.lr = 0.1\n', constant('c.lr', 0.5), 'c.lr = 0.5\n'],
    ['one of two on a line', 'a, b = 1, 2\n', constant('b', 3, 'int'), 'a, b = 1, 3\n'],
    [
      'one in the main guard',
      'if __name__ == "__main__":\n    lr = 0.1\n',
      constant('lr', 0.5),
      'if __name__ == "__main__":\n    lr = 0.5\n',
    ],
    [
      'the keyword of a call, anywhere',
      'def main():\n    if x:\n        opt = optim.Adam(net.parameters(),\n            lr=1e-3)  # lr\n',
      constant('Adam(lr)', 0.5),
      'def main():\n    if x:\n        opt = optim.Adam(net.parameters(),\n            lr=0.5)  # lr\n',
    ],
    [
      'all numbers that fix a seed',
      'random.seed(42)\nnp.random.seed(42)\ntorch.manual_seed(7 + rank)\nseed(x)\n',
      constant('seed()', 3, 'int'),
      'random.seed(3)\nnp.random.seed(3)\ntorch.manual_seed(3 + rank)\nseed(x)\n',
    ],
    ['behind an emoji', 's = "🎉"\nlr = 0.1\n', constant('lr', 0.5), 's = "🎉"\nlr = 0.5\n'],
  ])('%s', (_, text, edit, expected) => {
    expect(patched(text, 'train.py', edit)).toBe(expected);
  });

  test('in JavaScript and TypeScript too', () => {
    expect(
      patched("const LR = 1e-3; const act = 'relu';", 'a.mjs', constant('LR', 2), constant('act', 'tanh', 'choice')),
    ).toBe("const LR = 2.0; const act = 'tanh';");
    expect(patched('const c = { lr: 0.1 } as const;', 'a.ts', constant('c.lr', 0.5))).toBe(
      'const c = { lr: 0.5 } as const;',
    );
    expect(patched('class C { static lr = 0.1 }', 'a.ts', constant('C.lr', 0.5))).toBe('class C { static lr = 0.5 }');
  });

  test.each([
    ['LR = 0.1\n', 'LT', 'no-constant', 'train.py has no constant "LT"; closest: "LR"'],
    ['LR = 0.1\nLR = 0.2\n', 'LR', 'constant-twice', '"LR" is set in more than one place of train.py'],
    ['LR = 0.1\nfor LR in x: pass\n', 'LR', 'constant-twice', '"LR" is set in more than one place of train.py'],
    ['LR = 0.1\nif y:\n    LR *= 2\n', 'LR', 'constant-twice', '"LR" is set in more than one place of train.py'],
    [
      'LR = 0.1\ndef f():\n    global LR\n    LR = 2\n',
      'LR',
      'constant-twice',
      '"LR" is set in more than one place of train.py',
    ],
  ])('but not in %j', (text, name, code, message) => {
    expect(() => patched(text, 'train.py', constant(name, 1))).toThrow(expect.objectContaining({ code, message }));
  });

  test('and reads back as the value that was written, whatever it is', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => [v, 'float'] as const),
      fc.maxSafeInteger().map((v) => [v, 'int'] as const),
      fc.boolean().map((v) => [v, 'choice'] as const),
      fc.stringMatching(/^[\w '"\\#-]*$/).map((v) => [v, 'choice'] as const),
    );
    const old = fc.constantFrom('0.5', '2**10', '1_000', '"x"', "'x'", 'True', '-3e-4');
    fc.assert(
      fc.property(value, old, fc.constantFrom('a.py', 'a.ts'), ([given, as], before, file) => {
        const head = file === 'a.py' ? 'X = ' : 'const X = ';
        // JavaScript has `true` where Python has `True`, and no other difference here.
        const text = `${head}${file === 'a.ts' && before === 'True' ? 'true' : before}\n`;
        const after = patched(text, file, constant('X', given, as));
        const [found] = bindings(parseSource(after, file)!).constants;
        expect(found?.literal).toMatchObject({ value: given === 0 ? expect.toSatisfy((v) => v === 0) : given });
      }),
    );
  });
});

describe('a leaf of a file is replaced where it stands', () => {
  const yaml = '# head\noptim:\n  lr: 1e-3   # peak\n  name: adam\nlist: [1, 2]\nq: "x"\n';
  test('in YAML, with its comments, and in numbers that PyYAML reads as numbers', () => {
    expect(patched(yaml, 'c.yaml', leaf('optim.lr', 1e-7), leaf('q', 'no', 'choice'))).toBe(
      yaml.replace('1e-3', '1.0e-7').replace('"x"', '"no"'),
    );
    expect(patched(yaml, 'c.yml', leaf('optim.name', 'sgd', 'choice'), leaf('optim.lr', 2))).toBe(
      yaml.replace('1e-3', '2.0').replace('adam', 'sgd'),
    );
  });

  test('in JSON, with its indentation', () => {
    expect(patched('{\n\t"a": {"b": 1.5,\n "c": "x"}}\n', 'c.json', leaf('a.b', 3), leaf('a.c', 'é"', 'choice'))).toBe(
      '{\n\t"a": {"b": 3.0,\n "c": "é\\""}}\n',
    );
  });

  test('in TOML, on its line', () => {
    const toml = 'a = 1\n[x.y]\n"b c" = 0.5 # half\nn = 3\n[z]\nn = 4\n';
    expect(patched(toml, 'c.toml', leaf('x.y.b c', 1), leaf('z.n', 7, 'int'))).toBe(
      toml.replace('0.5', '1.0').replace('n = 4', 'n = 7'),
    );
  });

  test.each(['c.yaml', 'c.json', 'c.toml'])('but not when %s has no such leaf', (file) => {
    const text = { 'c.yaml': 'lr: 1\n', 'c.json': '{"lr": 1}', 'c.toml': 'lr = 1\n' }[file]!;
    expect(() => patched(text, file, leaf('lt', 1))).toThrow(`${file} has no value at "lt"; closest: "lr"`);
  });

  test('and an unknown format is told', () => {
    expect(() => patched('lr 1', 'c.ini', leaf('lr', 1))).toThrow('c.ini is neither YAML, JSON nor TOML');
  });
});

describe('a private copy', () => {
  const big = 'x'.repeat(1024 * 1024 + 1);

  test('holds small files, links heavy things and leaves out what is not the script', () => {
    const from = folderOf({
      'train.py': 'LR = 1',
      'lib/a.py': 'a',
      'lib/data/b.py': 'b',
      'datasets/__init__.py': '',
      'data/x.bin': 'd',
      'node_modules/m/i.js': 'm',
      '.git/HEAD': 'h',
      '.ansatz/j': 'j',
      'lib/__pycache__/a.pyc': 'p',
      'heavy/h.txt': 'h',
      'keep/w.bin': 'w',
    });
    symlinkSync(join(from, 'lib/a.py'), join(from, 'lib/inside.py'));
    symlinkSync(tmpdir(), join(from, 'outside'));
    chmodSync(join(from, 'train.py'), 0o755);
    const to = join(from, '.ansatz', 'copy');
    const copied = copyTree(from, to, { neverCopy: ['heavy', 'keep/w.bin'] });
    expect(copied).toEqual({ files: 4, bytes: 8, linked: ['data', 'heavy', 'node_modules', 'outside', 'keep/w.bin'] });
    expect(statSync(join(to, 'train.py')).mode & 0o777).toBe(0o755);
    expect(readlinkSync(join(to, 'lib/inside.py'))).toBe('a.py');
    expect(readlinkSync(join(to, 'outside'))).toBe(tmpdir());
    expect(readFileSync(join(to, 'data/x.bin'), 'utf8')).toBe('d');
    for (const left of ['.git', '.ansatz', 'lib/__pycache__'])
      expect(() => lstatSync(join(to, left))).toThrow('ENOENT');
  });

  test('never lets a patch reach the original, wherever the patched file lies', async () => {
    const text = `lr: 0.1\n#${big}\n`;
    const files = ['data/deep/c.yaml', 'big.yaml', 'link.yaml', 'hard.yaml'];
    const from = folderOf({
      'data/deep/c.yaml': text,
      'data/deep/d.bin': 'd',
      'big.yaml': text,
      'target.yaml': text,
      'other.yaml': text,
    });
    symlinkSync('target.yaml', join(from, 'link.yaml'));
    linkSync(join(from, 'other.yaml'), join(from, 'hard.yaml'));
    const to = `${from}-copy`;
    made.push(to);
    const { linked } = copyTree(from, to, { patched: files });
    expect(linked).toContain('data/deep/d.bin');
    await applyPatches(
      to,
      files.map((file) => ({ file, edits: [leaf('lr', 0.5)] })),
    );
    for (const file of files) {
      expect(readFileSync(join(from, file), 'utf8').slice(0, 7)).toBe('lr: 0.1');
      expect(readFileSync(join(to, file), 'utf8').slice(0, 7)).toBe('lr: 0.5');
      expect(lstatSync(join(to, file)).isFile()).toBe(true);
    }
    expect(readFileSync(join(to, 'target.yaml'), 'utf8').slice(0, 7)).toBe('lr: 0.1');
  });

  test('refuses a patch through a linked folder, and one outside of it', async () => {
    const from = folderOf({ 'data/c.yaml': 'lr: 0.1\n' });
    const to = `${from}-copy`;
    made.push(to);
    copyTree(from, to);
    await expect(applyPatches(to, [{ file: 'data/c.yaml', edits: [leaf('lr', 1)] }])).rejects.toMatchObject({
      code: 'outside-folder',
    });
    await expect(applyPatches(to, [{ file: '../x.yaml', edits: [leaf('lr', 1)] }])).rejects.toMatchObject({
      code: 'outside-folder',
    });
    await expect(applyPatches(to, [{ file: 'gone.py', edits: [constant('LR', 1)] }])).rejects.toBeInstanceOf(UserError);
    expect(readFileSync(join(from, 'data/c.yaml'), 'utf8')).toBe('lr: 0.1\n');
  });

  test('keeps bytes that are not UTF-8, and a byte order mark', async () => {
    const folder = folderOf({});
    writeFileSync(join(folder, 'a.py'), Buffer.from('# caf\xe9\nLR = 1.0\n', 'latin1'));
    writeFileSync(join(folder, 'b.py'), '\uFEFFLR = 1.0\n');
    await applyPatches(
      folder,
      ['a.py', 'b.py'].map((file) => ({ file, edits: [constant('LR', 2)] })),
    );
    expect(readFileSync(join(folder, 'a.py'), 'latin1')).toBe('# caf\xe9\nLR = 2.0\n');
    expect(readFileSync(join(folder, 'b.py'), 'utf8')).toBe('\uFEFFLR = 2.0\n');
  });
});

describe('an echo tells whether a value arrived', () => {
  const via: Delivery = { by: 'flag', flag: '--learning-rate', style: 'space' };
  const knob: Knob = { name: 'lr', kind: 'float', low: 0, high: 1, scale: 'linear', via };
  const seen = (lines: readonly string[], value: Value) => {
    const config = { ...study('python train.py', '  x: { from: 0, to: 1 }\n'), knobs: [knob] };
    return arrived({ lr: value }, deliver(config, { lr: value }, undefined), lines)[0]?.seen;
  };
  test.each([
    ['Overriding: lr = 0.1', 0.1, 'yes'],
    ['learning_rate: 0.1', 0.1, 'yes'],
    ['learning-rate = 0.10', 0.1, 'yes'],
    ['Namespace(data="x", learning_rate=0.1, n=3)', 0.1, 'yes'],
    ["{'lr': 0.1, 'n': 3}", 0.1, 'yes'],
    ['2026-01-01 10:00:00 INFO {"lr": 0.1}', 0.1, 'yes'],
    ['lr: 0.12', 0.123456, 'yes'],
    ['lr: 0.1', 0.2, 'no'],
    ['Namespace(lr=0.001, n=3)', 0.1, 'no'],
    ['step 10: loss 3.2, lr 0.001', 0.1, 'unknown'],
    ['epoch 1 lr: 0.001 loss: 3', 0.1, 'unknown'],
    ['nothing here', 0.1, 'unknown'],
    ['amp: True', 0.1, 'unknown'],
    ['lr: True', true, 'yes'],
    ["lr: 'relu'", 'relu', 'yes'],
  ] as const)('%s, sent %s: %s', (line, value, expected) => {
    expect(seen(['starting', line], value)).toBe(expected);
  });

  test('but only near the beginning', () => {
    expect(seen([...Array.from({ length: 200 }, () => 'x'), 'lr: 0.1'], 0.1)).toBe('unknown');
  });
});
