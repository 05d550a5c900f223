// A language model of characters: a few of them embedded, one hidden layer, a softmax over the next. Plain Node, no
// dependency, about one CPU second. Every run may spend the same compute, so a wider network takes fewer steps.
// Its settings are the constants below, as in a script one edits by hand; it reads no flags.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const LEARNING_RATE = 0.003;
const BATCH = 64; // positions per step
const WIDTH = 64; // units of the hidden layer
const CONTEXT = 8; // characters that are seen
const EMBED = 12; // numbers per character
const ACTIVATION = 'tanh'; // or 'relu', or 'square' for the square of relu
const WEIGHT_DECAY = 0.01;
const BETA2 = 0.999;
const WARMUP = 0.1; // part of the run in which the rate rises; then it falls to nothing
const FLOPS = 1e9; // compute of one run
const SEED = 1;

/** TypeScript's declarations of JavaScript's own library, which some folder above has installed. */
function textFolder() {
  if (process.env.TEXT_FOLDER) return process.env.TEXT_FOLDER;
  for (let at = import.meta.dirname; ; at = dirname(at)) {
    const modules = join(at, 'node_modules');
    const native = join(modules, '@typescript');
    const folders = [join(modules, 'typescript', 'lib')];
    if (existsSync(native)) folders.push(...readdirSync(native).map((name) => join(native, name, 'lib')));
    const found = folders.find((folder) => existsSync(join(folder, 'lib.es5.d.ts')));
    if (found !== undefined) return found;
    if (at === dirname(at)) break;
  }
  throw new Error('no text: install typescript in this folder or above, or set TEXT_FOLDER to a folder of .ts files');
}

const folder = textFolder();
const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && !/dom|worker/.test(name));
const text = files
  .sort()
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');

// Rare characters share code 0. Every tenth block of a thousand characters is kept for validation.
const counts = new Map();
for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
const vocabulary = [...counts].filter(([, n]) => n >= 50).map(([char]) => char);
const codeOf = new Map(vocabulary.map((char, i) => [char, i + 1]));
const symbols = vocabulary.length + 1;
const codes = Uint16Array.from(text, (char) => codeOf.get(char) ?? 0);
const isValidation = (position) => Math.floor(position / 1000) % 10 === 9;
const validation = Array.from({ length: codes.length }, (_, i) => i).filter((i) => i >= CONTEXT && isValidation(i));
const stride = Math.floor(validation.length / 1500);
const exam = validation.filter((_, i) => i % stride === 0);

let state = SEED + 0x9e3779b9;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

function weights(size, spread) {
  const value = Float32Array.from({ length: size }, () => gauss() * spread);
  return { value, slope: new Float32Array(size), mean: new Float32Array(size), square: new Float32Array(size) };
}
const inputs = CONTEXT * EMBED;
const embed = weights(symbols * EMBED, 0.5);
const w1 = weights(WIDTH * inputs, 1 / Math.sqrt(inputs));
const b1 = weights(WIDTH, 0);
const w2 = weights(symbols * WIDTH, 1 / Math.sqrt(WIDTH));
const b2 = weights(symbols, 0);
const all = [embed, w1, b1, w2, b2];

const x = new Float32Array(inputs);
const raw = new Float32Array(WIDTH);
const h = new Float32Array(WIDTH);
const dh = new Float32Array(WIDTH);
const dx = new Float32Array(inputs);
const p = new Float32Array(symbols);

/** Bits spent on the character at a position; leaves its activations behind. */
function forward(position) {
  for (let c = 0; c < CONTEXT; c++) {
    const from = codes[position - 1 - c] * EMBED;
    for (let e = 0; e < EMBED; e++) x[c * EMBED + e] = embed.value[from + e];
  }
  for (let j = 0; j < WIDTH; j++) {
    let sum = b1.value[j];
    for (let i = 0, at = j * inputs; i < inputs; i++, at++) sum += w1.value[at] * x[i];
    raw[j] = sum;
    if (ACTIVATION === 'tanh') h[j] = Math.tanh(sum);
    else h[j] = sum <= 0 ? 0 : ACTIVATION === 'square' ? sum * sum : sum;
  }
  let top = -Infinity;
  for (let k = 0; k < symbols; k++) {
    let sum = b2.value[k];
    for (let j = 0, at = k * WIDTH; j < WIDTH; j++, at++) sum += w2.value[at] * h[j];
    p[k] = sum;
    if (sum > top) top = sum;
  }
  let total = 0;
  for (let k = 0; k < symbols; k++) total += p[k] = Math.exp(p[k] - top);
  for (let k = 0; k < symbols; k++) p[k] /= total;
  return -Math.log2(p[codes[position]] + 1e-30);
}

function backward(position) {
  p[codes[position]] -= 1;
  dh.fill(0);
  for (let k = 0; k < symbols; k++) {
    const g = p[k] / BATCH;
    b2.slope[k] += g;
    for (let j = 0, at = k * WIDTH; j < WIDTH; j++, at++) {
      w2.slope[at] += g * h[j];
      dh[j] += g * w2.value[at];
    }
  }
  dx.fill(0);
  for (let j = 0; j < WIDTH; j++) {
    let g = dh[j];
    if (ACTIVATION === 'tanh') g *= 1 - h[j] * h[j];
    else if (raw[j] <= 0) continue;
    else if (ACTIVATION === 'square') g *= 2 * raw[j];
    b1.slope[j] += g;
    for (let i = 0, at = j * inputs; i < inputs; i++, at++) {
      w1.slope[at] += g * x[i];
      dx[i] += g * w1.value[at];
    }
  }
  for (let c = 0; c < CONTEXT; c++) {
    const to = codes[position - 1 - c] * EMBED;
    for (let e = 0; e < EMBED; e++) embed.slope[to + e] += dx[c * EMBED + e];
  }
}

/** One step of AdamW. */
function update(step, rate) {
  const meanScale = 1 / (1 - 0.9 ** step);
  const squareScale = 1 / (1 - BETA2 ** step);
  for (const { value, slope, mean, square } of all) {
    for (let i = 0; i < value.length; i++) {
      const g = slope[i];
      mean[i] = 0.9 * mean[i] + 0.1 * g;
      square[i] = BETA2 * square[i] + (1 - BETA2) * g * g;
      const way = (mean[i] * meanScale) / (Math.sqrt(square[i] * squareScale) + 1e-8);
      value[i] -= rate * (way + WEIGHT_DECAY * value[i]);
      slope[i] = 0;
    }
  }
}

// Two operations per weight forward and four backward; the update costs about twelve per weight and step.
const matrix = w1.value.length + w2.value.length;
const parameters = all.reduce((sum, { value }) => sum + value.length, 0);
const flopsPerStep = 6 * matrix * BATCH + 12 * parameters;
const steps = Math.max(1, Math.floor(FLOPS / flopsPerStep));
const startedAt = performance.now();
let bits = 0;
let seen = 0;
let reported = 0;
for (let step = 1; step <= steps; step++) {
  for (let i = 0; i < BATCH; i++) {
    let position;
    do position = CONTEXT + Math.floor(random() * (codes.length - CONTEXT));
    while (isValidation(position));
    bits += forward(position);
    backward(position);
  }
  seen += BATCH;
  const done = step / steps;
  update(step, LEARNING_RATE * Math.min(1, done / (WARMUP + 1e-9)) * Math.min(1, (1 - done) / (1 - WARMUP + 1e-9)));
  // A line for every tenth of the compute: equal "step" means equal cost, whatever the width or batch.
  if (Math.floor(done * 10 + 1e-9) === reported) continue;
  reported = Math.floor(done * 10 + 1e-9);
  const examBits = exam.reduce((sum, position) => sum + forward(position), 0);
  const line = {
    step: reported * 10,
    train_bpc: Number((bits / seen).toFixed(4)),
    val_bpc: Number((examBits / exam.length).toFixed(4)),
    tokens: step * BATCH,
    flops: step * flopsPerStep,
    seconds: Number(((performance.now() - startedAt) / 1000).toFixed(3)),
  };
  console.log(JSON.stringify(line));
  bits = 0;
  seen = 0;
}
