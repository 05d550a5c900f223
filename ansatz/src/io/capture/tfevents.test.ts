import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crc32c, maskedCrc, readStretch, tailTensorBoard } from './tfevents.ts';

const fixture = (name: string): string => new URL(`fixtures/${name}.tfevents`, import.meta.url).pathname;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ansatz-tb-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function brief(path: string): string[] {
  const tailer = tailTensorBoard(path);
  const heard = tailer.poll().map(({ key, step, value }) => `${key}@${step}=${value}`);
  tailer.close();
  return heard;
}

/** A record around the data. */
function record(data: Uint8Array): Buffer {
  const length = Buffer.alloc(8);
  length.writeUInt32LE(data.length);
  const before = Buffer.alloc(4);
  before.writeUInt32LE(maskedCrc(length));
  const behind = Buffer.alloc(4);
  behind.writeUInt32LE(maskedCrc(data));
  return Buffer.concat([length, before, data, behind]);
}

it('the checksum is CRC-32C as RFC 3720 gives it', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

describe('event files of', () => {
  const loss = [
    'loss/train@0=1',
    'loss/train@1=0.5',
    'loss/train@2=0.3333333',
    'loss/train@3=0.25',
    'loss/train@4=0.2',
  ];

  it('PyTorch hold scalars old and new, and NaN', () => {
    expect(brief(fixture('torch'))).toEqual([...loss, 'newstyle@1=0.25', 'nan@4=NaN']);
  });

  it('tensorboardX are the same', () => expect(brief(fixture('tbx'))).toEqual(loss));

  it('TensorFlow 2 hold tensors', () =>
    expect(brief(fixture('tf2'))).toEqual(['loss@0=1', 'loss@1=0.5', 'loss@2=0.3333333']));

  it('hyperparameter runs show float32 as it was meant', () => {
    expect(brief(fixture('torch-hparams'))).toEqual(['hparam/acc@0=0.9', 'hparam/loss@0=0.1']);
  });

  it('Keras are told apart by their folder, not by versions and dates', () => {
    const validation = join(folder, 'version_3', 'validation');
    mkdirSync(validation, { recursive: true });
    copyFileSync(fixture('keras-validation'), join(validation, 'events.out.tfevents.1.host.2.v2'));
    expect(brief(folder)).toContain('validation/epoch_loss@1=5.275078');
  });
});

it('the resolution covers both float32 and the seven digits shown', () => {
  const tailer = tailTensorBoard(fixture('torch-hparams'));
  const [acc] = tailer.poll();
  tailer.close();
  expect(acc).toMatchObject({ value: 0.9, resolution: 1e-7, source: 'tensorboard' });
  expect(Math.abs(Math.fround(0.9) - acc!.value)).toBeLessThanOrEqual(acc!.resolution / 2);
});

it('a file is heard the same at whatever bytes it has grown between looks', () => {
  const bytes = readFileSync(fixture('tbx'));
  const path = join(folder, 'events.out.tfevents.1');
  writeFileSync(path, '');
  const tailer = tailTensorBoard(folder);
  const heard: string[] = [];
  for (const byte of bytes) {
    appendFileSync(path, Uint8Array.of(byte));
    heard.push(...tailer.poll().map(({ step, value }) => `${step}=${value}`));
  }
  tailer.close();
  expect(heard).toEqual(['0=1', '1=0.5', '2=0.3333333', '3=0.25', '4=0.2']);
});

it('zeros at the end are waited out, a damaged length stops the file, damaged data costs one record', () => {
  const bytes = readFileSync(fixture('tbx'));
  const whole = readStretch(bytes).scalars.length;
  expect(readStretch(Buffer.concat([bytes, Buffer.alloc(40)]))).toMatchObject({ done: bytes.length, broken: false });
  const length = Buffer.concat([bytes, Buffer.alloc(40, 7)]);
  expect(readStretch(length)).toMatchObject({ done: bytes.length, broken: true });
  const data = Buffer.from(bytes);
  data[bytes.length - 6]! ^= 1;
  expect(readStretch(data)).toMatchObject({ done: bytes.length, broken: false });
  expect(readStretch(data).scalars).toHaveLength(whole - 1);
});

it('an image larger than the window is passed over, once it is there', () => {
  const path = join(folder, 'events.out.tfevents.1');
  const bytes = readFileSync(fixture('tbx'));
  const image = record(Buffer.alloc(3_000_000, 1));
  const tailer = tailTensorBoard(folder);
  writeFileSync(path, Buffer.concat([bytes, image.subarray(0, 1_000_000)]));
  expect(tailer.poll()).toHaveLength(5);
  expect(tailer.poll()).toHaveLength(0);
  appendFileSync(path, Buffer.concat([image.subarray(1_000_000), bytes]));
  expect(tailer.finish()).toHaveLength(5);
  tailer.close();
});

it('noise is never taken for an event', () => {
  for (let seed = 1; seed < 50; seed++) {
    const noise = Buffer.from(Uint8Array.from({ length: 500 }, (_, i) => (i * i * seed * 2654435761) >>> 7));
    expect(readStretch(record(noise)).broken).toBe(false);
    expect(readStretch(noise).scalars).toEqual([]);
  }
});
