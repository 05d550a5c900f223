// A small network that reads handwritten digits. Plain Node, no dependency, about half a CPU second.
// Knows nothing about ansatz: it takes flags and prints a line per epoch, as training scripts do.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

const { values } = parseArgs({
  options: {
    lr: { type: 'string', default: '0.05' },
    hidden: { type: 'string', default: '16' },
    batch: { type: 'string', default: '32' },
    momentum: { type: 'string', default: '0' },
    decay: { type: 'string', default: '0' },
    activation: { type: 'string', default: 'tanh' },
    epochs: { type: 'string', default: '40' },
    seed: { type: 'string', default: '0' },
  },
});
const lr = Number(values.lr);
const hidden = Number(values.hidden);
const batch = Number(values.batch);
const momentum = Number(values.momentum);
const decay = Number(values.decay);
const epochs = Number(values.epochs);
if (!['tanh', 'relu'].includes(values.activation)) throw new Error(`unknown activation ${values.activation}`);
const relu = values.activation === 'relu';

let state = Number(values.seed) + 0x9e3779b9;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
function shuffle(items, from) {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(from() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
}

// 1797 images of 8×8, 64 pixels of 0-16 and a label each. Every fourth image is kept for validation.
const bytes = gunzipSync(readFileSync(new URL('digits.bin.gz', import.meta.url)));
const images = Array.from({ length: bytes.length / 65 }, (_, i) => ({
  pixels: Float32Array.from(bytes.subarray(i * 65, i * 65 + 64), (p) => p / 8 - 1),
  label: bytes[i * 65 + 64],
}));
const train = images.filter((_, i) => i % 4 !== 3);
const validation = images.filter((_, i) => i % 4 === 3);

const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const layer = (inputs, outputs) => ({
  w: Float32Array.from({ length: inputs * outputs }, () => gauss() / Math.sqrt(inputs)),
  b: new Float32Array(outputs),
  vw: new Float32Array(inputs * outputs),
  vb: new Float32Array(outputs),
  gw: new Float32Array(inputs * outputs),
  gb: new Float32Array(outputs),
});
const first = layer(64, hidden);
const second = layer(hidden, 10);
const h = new Float32Array(hidden);
const dh = new Float32Array(hidden);
const p = new Float32Array(10);

function forward(x) {
  for (let j = 0; j < hidden; j++) {
    let sum = first.b[j];
    for (let i = 0, at = j * 64; i < 64; i++, at++) sum += first.w[at] * x[i];
    h[j] = relu ? Math.max(0, sum) : Math.tanh(sum);
  }
  let top = -Infinity;
  for (let k = 0; k < 10; k++) {
    let sum = second.b[k];
    for (let j = 0, at = k * hidden; j < hidden; j++, at++) sum += second.w[at] * h[j];
    p[k] = sum;
    if (sum > top) top = sum;
  }
  let total = 0;
  for (let k = 0; k < 10; k++) total += p[k] = Math.exp(p[k] - top);
  for (let k = 0; k < 10; k++) p[k] /= total;
}

function backward(x, label) {
  p[label] -= 1;
  dh.fill(0);
  for (let k = 0; k < 10; k++) {
    second.gb[k] += p[k];
    for (let j = 0, at = k * hidden; j < hidden; j++, at++) {
      second.gw[at] += p[k] * h[j];
      dh[j] += p[k] * second.w[at];
    }
  }
  for (let j = 0; j < hidden; j++) {
    const g = dh[j] * (relu ? (h[j] > 0 ? 1 : 0) : 1 - h[j] * h[j]);
    first.gb[j] += g;
    for (let i = 0, at = j * 64; i < 64; i++, at++) first.gw[at] += g * x[i];
  }
}

function step(of, size) {
  for (let i = 0; i < of.w.length; i++) {
    of.vw[i] = momentum * of.vw[i] - lr * (of.gw[i] / size + decay * of.w[i]);
    of.w[i] += of.vw[i];
  }
  for (let i = 0; i < of.b.length; i++) {
    of.vb[i] = momentum * of.vb[i] - (lr * of.gb[i]) / size;
    of.b[i] += of.vb[i];
  }
  of.gw.fill(0);
  of.gb.fill(0);
}

for (let epoch = 1; epoch <= epochs; epoch++) {
  shuffle(train, random);
  let trainLoss = 0;
  for (let at = 0; at < train.length; at += batch) {
    const part = train.slice(at, at + batch);
    for (const { pixels, label } of part) {
      forward(pixels);
      trainLoss -= Math.log(p[label] + 1e-12);
      backward(pixels, label);
    }
    step(first, part.length);
    step(second, part.length);
  }
  let loss = 0;
  let wrong = 0;
  for (const { pixels, label } of validation) {
    forward(pixels);
    loss -= Math.log(p[label] + 1e-12);
    if (p.indexOf(Math.max(...p)) !== label) wrong++;
  }
  const error = (100 * wrong) / validation.length;
  console.log(
    `epoch ${epoch}/${epochs} | train_loss ${(trainLoss / train.length).toFixed(4)} | ` +
      `val_loss ${(loss / validation.length).toFixed(4)} | val_error ${error.toFixed(2)}`,
  );
}
