import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../io/config/index.ts';
import { init } from './init.ts';

describe('init', () => {
  let above: string;
  let folder: string;
  let said: string;

  beforeEach(() => {
    above = mkdtempSync(join(tmpdir(), 'ansatz-init-'));
    folder = join(above, 'project');
    mkdirSync(folder);
    said = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    rmSync(above, { recursive: true, force: true });
  });

  const script = (text: string): string => {
    const file = join(folder, 'train.mjs');
    writeFileSync(file, text);
    return file;
  };
  const config = (): string => readFileSync(join(folder, 'ansatz.yaml'), 'utf8');

  test('hears a script that finds its data above its folder, and leaves nothing but the file', async () => {
    mkdirSync(join(above, 'node_modules', 'numbers'), { recursive: true });
    writeFileSync(join(above, 'node_modules', 'numbers', 'index.js'), 'export default 0.25;');
    writeFileSync(join(above, 'node_modules', 'numbers', 'package.json'), '{ "type": "module", "main": "index.js" }');
    await init([script("import loss from 'numbers';\nconst LR = 0.1;\nconsole.log(`val_loss ${loss}`);")], {
      probeSeconds: '20',
    });
    expect(said).toContain('metric   minimize val_loss\n');
    expect(config()).toContain('# seen in its output');
    expect(readdirSync(folder).toSorted()).toEqual(['ansatz.yaml', 'train.mjs']);
  });

  test('names the curve that stands in for a result said at the end alone, and none where that has its own', async () => {
    const loop = 'for (let i = 1; i <= 20; i++) console.log(`step ${i} loss ${2 + LR / i} lr ${LR}`);';
    await init([script(`const LR = 0.1;\n${loop}\nconsole.log(\`final_acc: \${LR}\`);`)], {
      metric: 'final_acc',
      probeSeconds: '20',
    });
    expect(said).toContain('metric   maximize final_acc\n');
    expect(said).toContain('curve    loss stands in for it while a run trains\n');
    expect(readConfig(join(folder, 'ansatz.yaml'), { now: 0, machine: { cpus: 1, gpus: [] } }).curve).toEqual({
      metric: 'loss',
      direction: 'minimize',
    });
    await init([join(folder, 'train.mjs')], { metric: 'loss', force: true, probeSeconds: '20' });
    expect(config()).not.toContain('curve');
  });

  test('hears a talkative script to its end', async () => {
    const loop = 'for (let i = 1; i <= 200000; i++) text += `step ${i} loss ${2 + 1 / i}\\n`;';
    await init(
      [script(`const LR = 0.1;\nlet text = '';\n${loop}\nprocess.stdout.write(text + \`final_loss: \${1 + LR}\\n\`);`)],
      {
        probeSeconds: '60',
      },
    );
    expect(said).toContain('metric   minimize final_loss\n');
  });

  test('says why a script failed, and that it must work first', async () => {
    await init([script("const LR = 0.1;\nthrow new Error('no data here');\nconsole.log(`val_loss ${LR}`);")], {
      probeSeconds: '20',
    });
    expect(said).toContain('the script failed (exit 1):');
    expect(said).toContain('| Error: no data here');
    expect(said).not.toMatch(/\| +at /);
    expect(said).toContain('node train.mjs   must work first');
    expect(said).toContain('minimize val_loss (a guess: not seen in its output)');
    expect(said).not.toContain('ansatz run --dry-run');
    expect(config()).toContain('# a guess from the text of the script');
    expect(said).not.toContain('names a path above its folder');
  });

  test('a script that reads from above its folder is told that a run is elsewhere', async () => {
    const text = "import { readFileSync } from 'node:fs';\nconst LR = 0.1;\nreadFileSync('../data.txt');";
    writeFileSync(join(above, 'data.txt'), 'here');
    await init([script(text)], { probeSeconds: '20' });
    expect(said).toContain('ENOENT');
    expect(said).toContain('names a path above its folder');
  });

  test('does not take the small talk of a script that failed for its metric', async () => {
    const text = 'const LR = 0.1;\nconsole.log("tokens per batch will be: 512");\nthrow new Error("no device");\n';
    await init([script(text + 'console.log(`val_loss ${LR}`);')], { probeSeconds: '20' });
    expect(said).toContain('metric   minimize val_loss (a guess: not seen in its output)');
    expect(config()).toContain('metric: val_loss ');
  });

  test('says that a script was cut short, and which metrics it mentions beyond those heard', async () => {
    const text =
      'const LR = 0.1;\nconsole.log(`loss ${LR}`);\nsetTimeout(() => console.log(`val_loss ${LR}`), 60_000);';
    await init([script(text)], { probeSeconds: '1' });
    expect(said).toContain('it was stopped after 1');
    expect(said).toContain('its text mentions too: val_loss');
    expect(said).toContain('note     No seed was found in train.mjs');
    expect(config()).toMatch(/^metric: loss +# seen in its output/m);
  });

  test('says when it does not know whether lower is better', async () => {
    const text = 'const LR = 0.1;\nconsole.log(`objective ${LR}`);\nconsole.log(`objective=${LR}`);';
    await init([script(text)], { probeSeconds: '20' });
    expect(said).toContain('metric   minimize objective (a guess: its name does not say whether lower is better');
    await init([script(text)], { probeSeconds: '20', maximize: true, force: true });
    expect(said).toContain('metric   maximize objective\n');
  });

  test('hears metrics that the script writes to a file, and names the file', async () => {
    writeFileSync(join(folder, 'data.csv'), 'x,loss\n1,2\n');
    const text = `import { writeFileSync } from 'node:fs';
const LR = 0.1;
writeFileSync('log.csv', 'step,val_loss\\n1,0.5\\n2,0.4\\n');
writeFileSync('twin.csv', 'step,loss\\n1,0.5\\n');
writeFileSync('history.json', JSON.stringify({ log: [{ step: 2, loss: 0.49999 }] }));
console.log('loss 0.5');`;
    await init([script(text)], { probeSeconds: '20' });
    expect(said).toContain('metric   minimize val_loss\n');
    expect(said).toContain('heard in the file log.csv');
    const read = readConfig(join(folder, 'ansatz.yaml'), { now: 0, machine: { cpus: 1, gpus: [] } });
    // What it prints as well, and what it only reads, is no reason to read a file.
    expect(read.capture.files).toEqual([{ path: 'log.csv', format: 'csv' }]);
  });

  test('hears results in a JSON document; settings and vocabularies are none', async () => {
    const text = `import { writeFileSync } from 'node:fs';
const LR = 0.1;
writeFileSync('config.json', JSON.stringify({ val_loss: 1 }));
writeFileSync('tokenizer.json', JSON.stringify({ loss: 17 }));
writeFileSync('results.json', JSON.stringify({ test: { accuracy: 0.5 } }, null, 2));
console.log('done');`;
    await init([script(text)], { probeSeconds: '20' });
    expect(said).toContain('metric   maximize test/accuracy\n');
    const read = readConfig(join(folder, 'ansatz.yaml'), { now: 0, machine: { cpus: 1, gpus: [] } });
    expect(read.capture.files).toEqual([{ path: 'results.json', format: 'json' }]);
  });

  test('hears results that are what an earlier run of the script left in the folder', async () => {
    const results = JSON.stringify({ accuracy: 0.5 });
    writeFileSync(join(folder, 'results.json'), results);
    writeFileSync(join(folder, 'old-results.json'), JSON.stringify({ precision: 0.5 }));
    const text = `import { writeFileSync } from 'node:fs';
const LR = 0.1;
writeFileSync('results.json', '${results}');`;
    await init([script(text)], { probeSeconds: '20' });
    expect(said).toContain('metric   maximize accuracy\n');
    expect(said).not.toContain('precision');
  });

  test('finds the file of a module, and not the configuration behind it', async () => {
    mkdirSync(join(folder, 'pkg'));
    writeFileSync(join(folder, 'pkg', 'train.py'), 'LR = 0.1\nprint("val_loss", LR)\n');
    writeFileSync(join(folder, 'run.yaml'), 'lr: 1\n');
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    await init(['python3', '-m', 'pkg.train', 'run.yaml'], { probeSeconds: '20' });
    expect(config()).toContain('via: const pkg/train.py LR');
    expect(config()).toContain('command: python3 -m pkg.train run.yaml');
  });
});
