import { appendFileSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tailCsv, tailJson, tailJsonLines, type Tailer } from './files.ts';

let folder: string;
let path: string;
let tailer: Tailer;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ansatz-files-'));
  path = join(folder, 'metrics');
});
afterEach(() => {
  tailer.close();
  rmSync(folder, { recursive: true });
});

function heard(): string[] {
  return tailer.poll().map(({ key, step, value }) => `${key}@${step}=${value}`);
}

describe('a file of JSON lines', () => {
  beforeEach(() => {
    tailer = tailJsonLines(path, 'metrics');
  });

  it('is waited for, and a torn line too', () => {
    expect(heard()).toEqual([]);
    appendFileSync(path, '{"step": 1, "loss": 0.5}\n{"step": 2, "lo');
    expect(heard()).toEqual(['loss@1=0.5']);
    appendFileSync(path, 'ss": 0.25}\n');
    expect(heard()).toEqual(['loss@2=0.25']);
    expect(heard()).toEqual([]);
  });

  it('may nest and hold NaN, Infinity and any key', () => {
    appendFileSync(
      path,
      '{"epoch": 3, "val": {"loss": NaN, "acc": {"top1": -Infinity}}, "__proto__": 1, "tags": ["a", 1]}\nnot json 0.5\n{"a": 1} {"b": 2}\n',
    );
    expect(heard()).toEqual(['val/loss@3=NaN', 'val/acc/top1@3=-Infinity', '__proto__@3=1']);
  });

  it('gives numbers printed in full as exact, and then the short ones of that key', () => {
    appendFileSync(path, '{"loss": 0.5}\n{"loss": 0.123456789012345678}\n{"loss": 0.25, "acc": 0.25}\n');
    expect(tailer.poll().map(({ step, resolution }) => [step, resolution])).toEqual([
      [1, 0.1],
      [2, 0],
      [3, 0],
      [1, 0.01],
    ]);
  });

  it('is read to the end when the run is over, last line without a newline included', () => {
    appendFileSync(path, '{"loss": 0.5}\n{"loss": 0.25}');
    expect(tailer.finish()).toHaveLength(2);
  });

  it('is read in bounded bites', () => {
    appendFileSync(path, '{"loss": 0.5}\n'.repeat(100));
    expect(tailer.poll(140)).toHaveLength(10);
    expect(tailer.behind).toBe(true);
    expect(tailer.finish()).toHaveLength(90);
    expect(tailer.behind).toBe(false);
  });

  it('goes on after a record that is too long', () => {
    appendFileSync(path, `{"x": "${'y'.repeat(3_000_000)}", "loss": 1}\n{"loss": 0.5}\n`);
    expect(tailer.finish()).toMatchObject([{ key: 'loss', value: 0.5 }]);
  });
});

describe('a JSON document', () => {
  beforeEach(() => {
    tailer = tailJson(path, 'metrics');
  });

  it('is heard when it is whole; what stands in no list closes the run', () => {
    appendFileSync(path, '{\n  "val": {"loss": 0.5},\n  "acc": NaN, "model": "gpt"');
    expect(heard()).toEqual([]);
    appendFileSync(path, '\n}\n');
    expect(tailer.poll()).toMatchObject([
      { key: 'val/loss', step: 1, value: 0.5, resolution: 0.1, summary: true },
      { key: 'acc', value: NaN, summary: true },
    ]);
    expect(heard()).toEqual([]);
  });

  it('may list records: of a trainer, or at its top', () => {
    appendFileSync(
      path,
      JSON.stringify(
        {
          global_step: 20,
          best: 0.3,
          log: [
            { step: 10, loss: 0.5 },
            { step: 20, eval_loss: 0.25 },
          ],
        },
        null,
        2,
      ),
    );
    expect(heard()).toEqual(['best@20=0.3', 'log/loss@10=0.5', 'log/eval_loss@20=0.25']);
    tailer.close();
    tailer = tailJson(join(folder, 'top'), 'metrics');
    appendFileSync(join(folder, 'top'), '[{"loss": 0.5}, {"loss": 0.25}]');
    expect(heard()).toEqual(['loss@1=0.5', 'loss@2=0.25']);
  });

  it('may hold lists of numbers side by side; lists in lists measure nothing', () => {
    appendFileSync(
      path,
      '{"history": {"epoch": [0, 5], "loss": [0.5, 0.25]}, "auc": [0.7, 0.8], "confusion": [[5, 1], [2, 4]], "runs": [{"loss": 1, "grads": [1, 2]}]}',
    );
    expect(heard()).toEqual(['history/loss@0=0.5', 'history/loss@5=0.25', 'auc@1=0.7', 'auc@2=0.8', 'runs/loss@1=1']);
  });

  it('written anew brings what is new, at the same length too', () => {
    const write = (epochs: readonly number[]): void =>
      writeFileSync(path, JSON.stringify(epochs.map((loss, i) => ({ epoch: i + 1, loss }))));
    write([0.5]);
    expect(heard()).toEqual(['loss@1=0.5']);
    write([0.5, 0.4]);
    expect(heard()).toEqual(['loss@2=0.4']);
    utimesSync(path, 1_700_000_000, 1_700_000_000);
    expect(heard()).toEqual([]);
    write([0.5, 0.3]);
    expect(heard()).toEqual(['loss@2=0.3']);
  });

  it('with an object in its first line is a file of JSON lines', () => {
    appendFileSync(path, '{"loss": 0.5}\n{"loss": 0.2');
    expect(tailer.poll()).toMatchObject([{ step: 1, value: 0.5, summary: false }]);
    appendFileSync(path, '5}\n');
    expect(heard()).toEqual(['loss@2=0.25']);
  });

  it('that is not finished, not JSON or too long says nothing', () => {
    appendFileSync(path, '{"loss": 0.5, "log": [{"loss": 0.25}');
    expect(tailer.finish()).toEqual([]);
    writeFileSync(path, 'loss: [0.5]');
    expect(tailer.finish()).toEqual([]);
    writeFileSync(path, `{"x": "${'y'.repeat(17_000_000)}",\n "loss": 1}`);
    expect(tailer.finish()).toEqual([]);
  });
});

describe('a CSV file', () => {
  beforeEach(() => {
    tailer = tailCsv(path);
  });

  it('has a header, counters and cells without news', () => {
    appendFileSync(path, 'epoch,step,train_loss,val_loss\n0,49,0.5,\n0,49,,0.75\n');
    expect(heard()).toEqual(['train_loss@49=0.5', 'val_loss@49=0.75']);
    appendFileSync(path, '1,99,0.25,\n1,9');
    expect(heard()).toEqual(['train_loss@99=0.25']);
    appendFileSync(path, '9,,0.5\n');
    expect(heard()).toEqual(['val_loss@99=0.5']);
  });

  it('may quote cells, pad them, and be separated by tabs or semicolons', () => {
    appendFileSync(path, '   epoch,  "metrics/mAP50(B), ""all""", note\r\n 1, 0.5, "a\nb, 3"\r\n2,"0.75",x\r\n');
    expect(heard()).toEqual(['metrics/mAP50(B), "all"@1=0.5', 'metrics/mAP50(B), "all"@2=0.75']);
    tailer.close();
    tailer = tailCsv(join(folder, 'tabs'));
    appendFileSync(join(folder, 'tabs'), 'step\tloss\n5\t0.5\n');
    expect(heard()).toEqual(['loss@5=0.5']);
  });

  it('without a counter numbers its values', () => {
    appendFileSync(path, 'loss,acc\n0.5,\n0.25,0.75\n');
    expect(heard()).toEqual(['loss@1=0.5', 'loss@2=0.25', 'acc@1=0.75']);
  });

  it('written anew with another column brings only what is new', () => {
    writeFileSync(path, 'step,loss\n1,0.5\n2,0.25\n');
    expect(heard()).toEqual(['loss@1=0.5', 'loss@2=0.25']);
    writeFileSync(path, 'step,loss,acc\n1,0.5,\n2,0.25,\n3,0.125,0.75\n');
    expect(heard()).toEqual(['loss@3=0.125', 'acc@3=0.75']);
    writeFileSync(`${path}.new`, 'step,loss,acc\n1,0.5,\n2,0.25,\n3,0.125,0.75\n4,0.0625,\n');
    renameSync(`${path}.new`, path);
    expect(heard()).toEqual(['loss@4=0.0625']);
  });

  it('written anew with other values brings them', () => {
    writeFileSync(path, 'step,loss\n1,0.5\n2,0.25\n');
    heard();
    writeFileSync(path, 'step,loss\n1,0.9\n');
    expect(heard()).toEqual(['loss@1=0.9']);
  });

  it('may repeat its header when a script goes on', () => {
    appendFileSync(path, 'step,loss\n1,0.5\nstep,loss,acc\n2,0.25,0.75\n');
    expect(heard()).toEqual(['loss@1=0.5', 'loss@2=0.25', 'acc@2=0.75']);
  });

  it('gives up a last row only when it is whole', () => {
    appendFileSync(path, 'step,loss,acc\n1,0.5,0.75');
    expect(tailer.finish()).toHaveLength(2);
    tailer.close();
    tailer = tailCsv(join(folder, 'torn'));
    appendFileSync(join(folder, 'torn'), 'step,loss,acc\n1,0.5');
    expect(tailer.finish()).toEqual([]);
  });

  it('can be taken as heard', () => {
    appendFileSync(path, 'step,loss\n1,0.5\n');
    tailer.skip();
    appendFileSync(path, '2,0.25\n');
    expect(heard()).toEqual(['loss@2=0.25']);
  });
});
