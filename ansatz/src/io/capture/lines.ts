/** One line of training output in, the numbers it reports out. Knows many dialects, remembers nothing. */

import { readDictionary } from './literal.ts';
import { FINITE, readNumber, toNumber, UNREAL } from './number.ts';
import {
  counterOf,
  COUNTER_WORDS,
  HELD_OUT,
  isAmbiguous,
  isMetricWord,
  isNoMetric,
  isProse,
  isQualifier,
  isSetting,
} from './words.ts';

/** A named number on a line. */
export interface ParsedValue {
  /** As printed, trimmed; a held-out split named before it is its first part: `Test: Loss 0.9` is `Test/Loss`. */
  readonly key: string;
  /** Not scaled by the unit: `93.2%` is 93.2. A fraction of correct answers is between 0 and 1. */
  readonly value: number;
  readonly text: string;
  readonly resolution: number;
  /** As printed: `ms`, `%`, `tok/s`, `M`. */
  readonly unit?: string;
}

/** What a line says. */
export interface ParsedLine {
  /** The finest counter on the line. */
  readonly step?: number;
  /** What the counter goes up to, when the line says `n/m`. */
  readonly total?: number;
  readonly epoch?: number;
  /** No two have the same key. Empty for a line that only counts, such as `Epoch 1/10`. */
  readonly values: readonly ParsedValue[];
  /** The line is one `key: value` and nothing else: the form closing summaries have. */
  readonly summary: boolean;
}

const HAS_NUMBER = /\d|\bnan\b|\binf/i;
/** Signs of a metric or a counter; a line with none of them needs no parsing. */
const PROMISING = new RegExp(
  String.raw`[=:]\s*["']?(?:[-+.]?\d|[-+]?nan|[-+]?inf|tensor|np\.|float)|[{|│┃]|%|\d\s*/\s*\d|\b(?:${COUNTER_WORDS})\b|` +
    'loss|acc|ppl|perp|bp[bc]|nll|m[sa]e|auc|iou|f1|bleu|wer|score|reward|error|norm|mfu|lr|r2|psnr|ssim|dice|recall|prec|rouge|' +
    String.raw`mAP|^\s*\[?\d+[\]:]`,
  'i',
);

const TIME = String.raw`\d{1,2}:\d\d:\d\d(?:[.,]\d+)?`;
const DATE = String.raw`\d{4}[-/.]\d\d[-/.]\d\d|\d\d/\d\d(?:/\d{2,4})?|\d\d-\d\d(?:-\d{4})?`;
const LEVEL = '(?:INFO|WARN(?:ING)?|DEBUG|ERROR|CRITICAL|TRACE|SUCCESS|NOTICE)';
/** What loggers, launchers and containers put before the message, each alternative one such thing. */
const PREFIX = new RegExp(
  '^(?:' +
    [
      String.raw`\s*[[(]?(?:(?:${DATE})[T ,]+)?${TIME}(?:\s?[AP]M)?(?:Z|\s?[+-]\d\d:?\d\d)?(?:\s+[\w.]+)?[\])]`,
      String.raw`\s*(?:${DATE})[T ]+${TIME}(?:\s?[AP]M)?(?:Z|\s?[+-]\d\d:?\d\d)?`,
      String.raw`\s*(?:\d{4}[-/]\d\d[-/]\d\d|${TIME})(?=\s)`,
      String.raw`\s*\[\d{4}[-/]\d\d[-/]\d\d\]`,
      // glog and absl: I0102 10:11:12.123456 12345 file.cc:12]
      String.raw`\s*[IWEF]\d{4} ${TIME}\s+\d+ [\w.]+:\d+\]`,
      String.raw`\s*(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d{1,2} ${TIME}(?:\s+[\w.-]+\s+[\w.-]+\[\d+\]:)?`,
      String.raw`\s*[[(<]?\b${LEVEL}\b[\])>]?(?::[\w.]+:|:(?=\s)|(?=\s))`,
      // [trainer][INFO], [rank0]:, [1,0]<stdout>:, [LightGBM], (RayTrainWorker pid=7, ip=10.0.0.1)
      String.raw`\s*\[(?:rank\s?\d+|default\d+|1,\d+|LightGBM|Info|Warning|[a-z_][\w.]*)\](?=\s*(?:\[|:|-|<|$))(?:<stdout>|<stderr>)?:?`,
      String.raw`\s*\[(?:rank\s?\d+|LightGBM|Info|Warning|Rank \d+)\]:?`,
      String.raw`\s*\([\w ().:]*\bpid=\d+[^)]*\)`,
      // loguru and others: module:function:line -, name - INFO -, file.py:12
      String.raw`\s*[\w.<>]+:[\w.<>]+:\d+\s+-`,
      String.raw`\s*[\w.]+(?=\s+-\s+${LEVEL}\b)`,
      String.raw`\s*\[?[\w./]+\.(?:py|cc|cpp|go|rs):\d+\]?:?`,
      String.raw`\s*[\w-]+\s+\|(?=\s+(?:${DATE}))`,
      String.raw`\s*-\s(?=\S)(?!\s*\w+:)`,
      String.raw`\s+[-|](?=\s)`,
      String.raw`\s*ANSATZ(?=\s*\{)`,
    ].join('|') +
    ')',
);

/** Lines about something else, recognised by how they begin (after the logger's prefix). */
const ELSEWHERE = new RegExp(
  '^\\s*(?:' +
    [
      'wandb:',
      'Traceback ',
      'File "',
      'at \\S+ ?\\(',
      // Errors and warnings, with or without the module or file that raised them.
      String.raw`(?:\S+:\d+: )?(?:[\w.]+\.)?\w*(?:Error|Exception|Warning|Interrupt|SystemExit)\b\s*(?::|$)`,
      'Downloading\\b',
      'Downloaded\\b',
      'Extracting\\b',
      'Fetching\\b',
      'Uploading\\b',
      'Collecting ',
      'Requirement already',
      'Successfully installed',
      'Overriding:',
      '(?:[Cc]onfig|[Aa]rgs|[Aa]rguments|[Hh]yper-?[Pp]arameters?|[Pp]arameters|[Ss]ettings|[Oo]ptions)\\s*[:=]',
      // The repr of a settings object, a layer or an optimizer.
      String.raw`(?:\(\w+\):\s*)?[A-Za-z_][\w.]*\((?:\w+=|$)`,
      String.raw`[+$>]\s+\S+\s`,
      String.raw`(?:python3?|torchrun|accelerate|deepspeed|srun|sbatch)\s`,
      String.raw`--?[A-Za-z]`,
      '(?:import|from|def|class|raise|assert|return)\\s',
    ].join('|') +
    ')',
);

/** A transfer, not training: rates in bytes. */
const TRANSFER = /\d\s?[kKMGT]?i?B\/s\b/;
/** tqdm: the percentage and the drawn bar. */
const TQDM_BAR = /\d+%\|[^|]*\|/g;
/** Keras and rich: the drawn bar alone. */
const DRAWN_BAR = /\[[=>.\s]{8,}\]|[━╸╺─█▏▎▍▌▋▊▉░▒▓⣿]{4,}|#{8,}/g;
/** Numbers wrapped by their type: `np.float32(0.5)`, `tensor(0.5, grad_fn=<..>)`. */
const WRAPPED = new RegExp(
  String.raw`\b(?:(?:np\.|numpy\.|jnp\.)?(?:float|int|bfloat)\d*|(?:torch\.)?tensor|(?:Device)?[Aa]rray)\(\s*(${FINITE}|${UNREAL})\s*(?:,[^()]*(?:\([^()]*\)[^()]*)?)?\)`,
  'gi',
);
const SUFFIX = String.raw`\.(?:py|ipynb|ckpt|pt|pth|safetensors|bin|h5|keras|jsonl?|csv|tsv|ya?ml|txt|log|npz?|pkl|gz|zip|tar|onnx|png|pdf)\b`;
const HAS_FILE = new RegExp(String.raw`\w${SUFFIX}`);
/** File names and source positions, whose digits mean nothing. */
const FILES = new RegExp(String.raw`\S+${SUFFIX}(?::\d+)?\S*`, 'g');
/** Addresses and paths; `/s` is a unit. */
const PATHS = /\b\w+:\/\/\S+|(?<![\w@])\.{0,2}~?\/(?!(?:s|it|step|sec)\b)[\w.~][\w.~-]*(?:\/\S*)?/g;
/** A call with named arguments inside a line. */
const CALLS = /\b[A-Za-z_][\w.]*\((?:[^()]*=[^()]*)\)/g;
const COCO = new RegExp(
  String.raw`^\s*Average (?:Precision|Recall)\s+\((AP|AR)\) @\[ IoU=(\S+)\s*\| area=\s*(\w+)\s*\| maxDets=\s*(\d+) \] = (${FINITE})\s*$`,
);

/** Most numbers of a line that are looked at, and most characters before one that may hold its name. */
const MOST_NUMBERS = 600;
const REACH = 120;

/**
 * What one line of output reports, or undefined when that is nothing. The line is clean text without line ends (see
 * `LineReader`). Prose, file names, versions, tracebacks, downloads and echoed settings report nothing.
 */
export function parseLine(line: string): ParsedLine | undefined {
  if (!HAS_NUMBER.test(line)) return undefined;
  const text = withoutPrefix(line).trimEnd();
  if (!PROMISING.test(text) || !HAS_NUMBER.test(text) || ELSEWHERE.test(text) || TRANSFER.test(text)) return undefined;
  const found = new Findings();
  if (!dictionaries(text, found) && !special(text, found)) new Scan(text, found).run();
  return found.result();
}

/** The message of a logged line: time, level, logger's name, rank and the like taken off. */
export function withoutPrefix(line: string): string {
  let text = line;
  // Each turn removes something; more than this many parts is not a logger's doing.
  for (let turn = 0; turn < 12; turn++) {
    const prefix = PREFIX.exec(text);
    if (prefix === null || prefix[0] === '') return text;
    text = text.slice(prefix[0].length);
  }
  return text;
}

/** Collects what the grammars find; earlier findings win. */
class Findings {
  step: number | undefined;
  epoch: number | undefined;
  /** `n/m` that is no word's counter. */
  progress: number | undefined;
  total: number | undefined;
  /** A number at the start of the line, as in `[100]` or `0:`; a counter when nothing else is. */
  leading: number | undefined;
  /** How sure `step` is: a global step beats a batch beats an episode. */
  rank = Infinity;
  summary = false;
  readonly values: ParsedValue[] = [];
  readonly #keys = new Set<string>();

  value(key: string, text: string, unit?: string): void {
    const { value, resolution } = toNumber(text);
    this.put({ key, value, text, resolution, ...(unit === undefined ? {} : { unit }) });
  }

  put(value: ParsedValue): void {
    const name = value.key.toLowerCase();
    if (value.key === '' || this.#keys.has(name)) return;
    this.#keys.add(name);
    this.values.push(value);
  }

  count(name: string, value: number, total?: number): void {
    if (!Number.isFinite(value)) return;
    if (name.toLowerCase() === 'epoch') {
      this.epoch ??= value;
      return;
    }
    const rank = counterRank(name);
    if (rank >= this.rank) return;
    this.rank = rank;
    this.step = value;
    this.total = total;
  }

  result(): ParsedLine | undefined {
    const some = this.values.length > 0;
    // A bar without metrics is no news, and a bare leading number counts only if nothing else does.
    const weak = this.progress ?? (this.epoch === undefined ? this.leading : undefined);
    const step = this.step ?? (some ? weak : undefined);
    const counted = step !== undefined || this.epoch !== undefined;
    const settings = !counted && this.values.every((value) => isSetting(value.key));
    const values = settings ? [] : this.values;
    if (values.length === 0 && !counted) return undefined;
    return {
      ...(step === undefined ? {} : { step }),
      ...(this.total === undefined ? {} : { total: this.total }),
      ...(this.epoch === undefined ? {} : { epoch: this.epoch }),
      values,
      summary: this.summary && values.length === 1 && !counted,
    };
  }
}

function counterRank(name: string): number {
  const lower = name.toLowerCase();
  if (/global|total|env/.test(lower)) return 0;
  if (/step|iter|update|^it$/.test(lower)) return 1;
  if (/batch/.test(lower)) return 2;
  return 3;
}

/** Dictionaries on the line; what stands before each may count, and tells several apart. */
function dictionaries(text: string, found: Findings): boolean {
  let at = 0;
  let any = false;
  for (let tries = 0; tries < 4; tries++) {
    const open = at + text.slice(at).search(/\{|\bOrderedDict\(\[/);
    if (open < at) break;
    const read = readDictionary(text, open);
    if (read === undefined) {
      if (text.slice(0, open).trim() === '') return true;
      break;
    }
    const head = text.slice(at, open);
    at = read.end;
    if (read.leaves.length === 0) continue;
    new Scan(head, found).run();
    const label = /([\p{L}_][\p{L}\p{N}_]*)[\s:=(-]*$/u.exec(head)?.[1] ?? '';
    const prefix = new RegExp(`^(?:${HELD_OUT})$`, 'i').test(label) || (any && label !== '') ? `${label}/` : '';
    any = true;
    for (const leaf of read.leaves) {
      const number = readNumber(leaf.text);
      if (number === undefined) {
        structured(leaf.key, leaf.text, found);
        continue;
      }
      const counter = counterOf(leaf.key);
      const last = leaf.key.slice(leaf.key.lastIndexOf('/') + 1);
      if (counter !== undefined) found.count(counter === 'epoch' ? 'epoch' : last, number.value);
      else if (!isNoMetric(last)) found.put({ key: prefix + leaf.key, ...number });
    }
  }
  if (any && at < text.length) new Scan(text.slice(at), found).run();
  return any;
}

/** A structured log keeps the printed line under `message`. */
function structured(key: string, text: string, found: Findings): void {
  if (!/^(?:message|msg|event|text)$/i.test(key) || text.includes('{')) return;
  const line = parseLine(text);
  if (line === undefined) return;
  if (line.epoch !== undefined) found.count('epoch', line.epoch);
  if (line.step !== undefined) found.count('step', line.step, line.total);
  for (const value of line.values) found.put(value);
}

/** Lines whose keys no general rule would find. */
function special(text: string, found: Findings): boolean {
  // PyTorch's first tutorial: `[2,  4000] loss: 1.85`.
  const pair = /^\s*\[\s*(\d+)\s*,\s*(\d+)\s*\](?=\s*[\p{L}_])/u.exec(text);
  if (pair !== null) {
    found.count('epoch', Number(pair[1]));
    found.count('batch', Number(pair[2]));
    new Scan(text.slice(pair[0].length), found).run();
    return true;
  }
  const coco = COCO.exec(text);
  if (coco !== null) {
    const [, kind, iou, area, most, number] = coco;
    found.value(`${kind}@[IoU=${iou} area=${area} maxDets=${most}]`, number!);
    return true;
  }
  const row = /^\s*[|│┃]\s*([^|│┃]+?)\s*[|│┃]\s*([^|│┃]+?)\s*[|│┃]?\s*$/.exec(text);
  if (row === null) return false;
  // A two-column table, as Stable-Baselines3 and Lightning print their results. `| epoch 3 | loss 0.5 |` is none.
  const number = readNumber(row[2]!);
  const key = row[1]!;
  if (number === undefined || !/^[\p{L}_][^=]*$/u.test(key) || /\s\d+$/.test(key)) return false;
  const counter = counterOf(key);
  if (counter !== undefined) found.count(counter === 'epoch' ? 'epoch' : key, number.value);
  else if (!isNoMetric(key)) found.put({ key, ...number });
  return true;
}

const NUMBER = new RegExp(
  String.raw`(?<![\p{L}\p{N}_.@^#$~]|[\p{L}\p{N}_.)][-+]|\p{L}'|\btop |@[[\d.:]{1,12})(?:${FINITE}|${UNREAL})`,
  'giu',
);
const UNIT =
  /\s?(?:%|(?:tok(?:ens?)?|samples?|images?|imgs?|examples?|it|iters?|steps?|seqs?|frames?|batch(?:es)?|epochs?|updates?|[kKMGT]?i?B)\/(?:s(?:ec(?:ond)?)?|min|h)\b|(?:s|ms|sec|min)\/(?:it|iter|iteration|step|batch|epoch|sample|image)\b|\/s\b|(?:ms|us|µs|μs|ns|secs?|seconds?|mins?|minutes?|hours?|hrs?|[KMGT]i?B|GFLOPS?|TFLOPS?|FLOPS|[kKMGBTsmh])(?![\p{L}\p{N}_/@]))/uy;
const FRACTION = /\s*\/\s*(\d[\d,]*|\?|--|inf\b)(?![\p{L}\p{N}_/]|[.:]\d)/iuy;
const OUT_OF = /\s+of\s+(\d[\d,]*)(?![\w.])/iuy;
/** What makes a numeral part of a larger word: a version, date, clock, name. */
const WORDY = /[\p{L}_]|[:.\-/]\d|,\d|\.[\p{L}_]|:\/\//uy;
const WORDY_REST = /[\p{L}\p{N}_.:/\-,+]*/uy;
/** `1m 23s`, `0h 12m`. */
const DURATION = /\s?[dhm]\s?\d+\s?(?:[hms]|min|sec)\b(?:\s?\d+\s?[ms]\b)?/y;
/** Averages, spreads and shares printed beside a value. */
const ASIDE =
  /\s*(?:\+\/-|±|\+-|\+)\s*[\d.]+(?:[eE][-+]?\d+)?%?|\s*\(\s*(?:[-+±]|\+\/-|\+-|std\S*|avg\S*|mean\S*|ema\S*|best:?|max:?|min:?|[=:~<>])?[\s/-]*(?:[\d.,]+(?:[eE][-+]?\d+)?|nan|inf)[^()]{0,40}\)/iy;
const COUNTER = new RegExp(
  String.raw`(?<![\p{L}\p{N}_/.-])(${COUNTER_WORDS})\s*(?:\((?:train|val|test|eval)\))?(?:\s*[:=#]\s*|\s+|\s*)[[(<]?\s*(?:step\s+)?$`,
  'iu',
);
/** Words before a counter word that make it an amount: `total steps: 1000`. */
const AMOUNT =
  /\b(?:num|number of|max|min|warmup|per|each|every|remaining|eval|save|log|best|n|total number of|ms|sec)\s+$/i;
const BINDER = /\s*(?::=|=>|-{1,2}>|→|[=:])\s*["']?$/;
const BRACKET = /^\s*\[?\(?\s*$/;
const SPLIT_WORD = new RegExp(
  String.raw`(?:^|[\s|[(,;>*-])(${HELD_OUT}|train|training)(?:\s*[\])|:;,]|\s+-\s|\s+(?=epoch\b|\[)|\((?=$))`,
  'giu',
);
/** Ends a name when looking back from its number. */
const EDGE = /[,;|│┃\t{}<>"“”•·!?]|\s[-–—>*~]+\s|:(?=\s|$)|=|[\])](?=\s|$)|(?<=^|\s)[([]|\s{3,}|(?<=\p{L}{5})\.\s/gu;

/** The general grammar: finds every number and asks what stands before it. */
class Scan {
  readonly #text: string;
  readonly #found: Findings;
  /** Where the text that may name the next number begins. */
  #from = 0;
  /** What stood before the last counter, for `loss at step 300: 0.5`. */
  #before = '';
  /** Held-out split named on the line and not yet revoked. */
  #split = '';
  /** Bare integers: taken only when the line has a counter or another number that is surely a metric. */
  readonly #doubtful: { key: string; text: string }[] = [];

  constructor(text: string, found: Findings) {
    let plain = text;
    if (plain.includes('(')) plain = plain.replace(WRAPPED, '$1').replace(CALLS, ' ; ');
    if (plain.includes('%|')) plain = plain.replace(TQDM_BAR, ' ; ');
    plain = plain.replace(DRAWN_BAR, ' ; ');
    if (plain.includes('/')) plain = plain.replace(PATHS, ' ; ');
    if (HAS_FILE.test(plain)) plain = plain.replace(FILES, ' ; ');
    this.#text = plain;
    this.#found = found;
  }

  run(): void {
    const text = this.#text;
    let seen = 0;
    let skipTo = 0;
    for (const match of text.matchAll(NUMBER)) {
      if (match.index < skipTo) continue;
      if (++seen > MOST_NUMBERS) break;
      skipTo = this.#number(match[0], match.index, match.index + match[0].length);
    }
    const found = this.#found;
    // `Score 0.93` and nothing else on the line is no sentence.
    const lone = seen === 1 && /^\s*\S+\s+[-+]?\d*\.\d\S*\s*$/.test(text);
    if (lone || this.#vouched()) for (const { key, text } of this.#doubtful) found.value(key, text);
    const only = found.values.length === 1 && seen === 1;
    found.summary = only && /^\s*[\p{L}_][^:=]*[:=]/u.test(text);
  }

  /** Whether something on the line makes it surely one of training. */
  #vouched(): boolean {
    const { values, step, epoch, progress, leading } = this.#found;
    return values.length > 0 || [step, epoch, progress, leading].some((counter) => counter !== undefined);
  }

  /** Deals with the numeral at `start`..`end`; returns where to go on. */
  #number(numeral: string, start: number, end: number): number {
    const text = this.#text;
    const gap = text.slice(Math.max(this.#from, start - REACH), start);
    const integer = /^\d+$/.test(numeral);

    // tqdm without a total: `150it [00:15, ...`.
    if (integer && /^it\s\[/.test(text.slice(end, end + 4))) {
      this.#found.progress ??= Number(numeral);
      return this.#skip(end + 2);
    }
    const duration = integer ? matchAt(DURATION, text, end) : null;
    if (duration !== null) return this.#skip(end + duration[0].length);

    const suffix = matchAt(UNIT, text, end);
    // In `3e-4 tok/s 1200` the word names the next number.
    const named = suffix !== null && /^\s\w/.test(suffix[0]) && /^\s+[-+.\d]/.test(text.slice(end + suffix[0].length));
    const unit = named ? null : suffix;
    const fraction = integer && unit === null ? (matchAt(FRACTION, text, end) ?? matchAt(OUT_OF, text, end)) : null;
    if (unit === null && fraction === null && matchAt(WORDY, text, end) !== null) {
      return this.#skip(end + (matchAt(WORDY_REST, text, end)?.[0].length ?? 0));
    }

    const counter = COUNTER.exec(gap);
    const amount = counter !== null && AMOUNT.test(gap.slice(0, counter.index));
    const countable = /^\d[\d,]*(?:\.\d+)?$/.test(numeral);
    if (counter !== null && !amount && unit === null && countable) {
      const name = counter[1]!;
      if (integer || /epoch/i.test(name) || numeral.includes(',')) {
        this.#splits(gap);
        this.#before = gap.slice(0, counter.index);
        const total = fraction === null ? undefined : Number(fraction[1]!.replaceAll(',', ''));
        this.#found.count(
          name,
          toNumber(numeral).value,
          total !== undefined && total > 0 && total < Infinity ? total : undefined,
        );
        return this.#skip(this.#closed(end + (fraction?.[0].length ?? 0)));
      }
    }
    if (fraction !== null) return this.#fraction(numeral, gap, end, fraction);

    // timm: `Train: 3 [ 100/1251`.
    if (
      integer &&
      /^\s*[[(]\s*\d+\s*\//.test(text.slice(end, end + 24)) &&
      /(?:^|\s)(?:train|test|val|eval)\w*:?\s*$/i.test(gap)
    ) {
      this.#splits(gap);
      this.#found.count('epoch', Number(numeral));
      return this.#skip(end);
    }
    if (integer && gap.length === start && BRACKET.test(gap) && this.#found.leading === undefined) {
      const bracketed = /[[(]\s*$/.test(gap);
      const ahead = text.slice(end, end + 24);
      // `[100]`, `0:\t`, and `10 loss 0.5`.
      const word = /^\s([\p{L}_]\S*)\s/u.exec(ahead)?.[1];
      const open = /^\s*(?::\s|\||\t)/.test(ahead) || (word !== undefined && isMetricWord(word));
      if (bracketed ? /^\s*[\])]/.test(ahead) : open) {
        this.#found.leading = Number(numeral);
        return this.#skip(bracketed ? this.#closed(end) : end + 1);
      }
    }
    return this.#value(numeral, gap, end, unit?.[0]);
  }

  /** `9832/10000` correct answers, or the progress `10/5005`. */
  #fraction(numeral: string, gap: string, end: number, fraction: RegExpExecArray): number {
    const after = end + fraction[0].length;
    const share = matchAt(ASIDE, this.#text, after);
    const whole = Number(fraction[1]!.replaceAll(',', ''));
    const part = Number(numeral);
    const name = this.#name(gap, false);
    if (name !== undefined && /acc|correct|hits?|score|recall|precision|pass/i.test(name.key)) {
      this.#splits(gap);
      if (whole > 0 && part <= whole) {
        const text = numeral + fraction[0];
        this.#found.put({ key: this.#prefixed(name.key), value: part / whole, text, resolution: 1 / whole });
      }
      return this.#skip(after + (share?.[0].length ?? 0));
    }
    const bound = BINDER.test(gap) && !/^\s*[\])]?\s*:\s*$/.test(gap) && name !== undefined && !isSplitName(name.key);
    this.#splits(gap);
    if (!bound && (Number.isNaN(whole) || part <= whole)) {
      // `[0/5][10/1583]`: the first of two is the epoch.
      if (this.#found.progress !== undefined && /^\s*\[\s*$/.test(gap)) {
        this.#found.epoch ??= this.#found.progress;
        this.#found.progress = undefined;
      }
      if (this.#found.progress === undefined && this.#found.step === undefined) {
        this.#found.progress = part;
        if (whole > 0) this.#found.total = whole;
      }
    }
    return this.#skip(this.#closed(after));
  }

  #value(numeral: string, gap: string, end: number, unit: string | undefined): number {
    const after = end + (unit?.length ?? 0);
    const aside = matchAt(ASIDE, this.#text, after);
    // torchvision's meters, `Data  0.010 ( 0.012)`: a running average beside a value is as good as a colon.
    const metered = aside !== null && this.#vouched() && /\(\s*\d/.test(aside[0]);
    const behind = /^\s*[:=]\s*$/.test(gap) ? this.#before.replace(/\s(?:at|after|in|for|on)\s*$/, '') : '';
    const name = this.#name(gap, true, metered) ?? (behind === '' ? undefined : this.#name(behind, true));
    if (name === undefined) {
      // An unnamed number may be part of a name to come (`the 10000 test images:`) unless a unit or an edge closes it.
      const open = unit === undefined && !BINDER.test(gap.trimEnd());
      return open && /^\s\p{L}/u.test(this.#text.slice(end, end + 2)) ? end : this.#skip(after);
    }
    this.#splits(gap);
    const next = after + (aside?.[0].length ?? 0);
    const integer = /^[-+]?\d+$/.test(numeral);
    if (name.bound && integer && unit === undefined && !isMetricWord(name.key)) {
      // `Found: 3 files` is a sentence; in `a: 3 b: 4` and `a: 3 loss 0.5` the word names the next number.
      const word = /^\s\p{L}+(\s*(?:[\p{L}_]+\s*)?[:=\d(]|\s*[|,;\])]|\s{2,}|\t)?/u.exec(
        this.#text.slice(end, end + 48),
      );
      if (word !== null && word[1] === undefined) return this.#skip(next);
    }
    const key = this.#prefixed(name.key);
    if (!name.bound && unit === undefined && (integer || isAmbiguous(name.key)) && !this.#vouched()) {
      this.#doubtful.push({ key, text: numeral });
    } else {
      this.#found.value(key, numeral, unit?.trim() || name.unit);
    }
    return this.#skip(next);
  }

  /** The name that the text before a number gives it. */
  #name(
    gap: string,
    wordsAllowed: boolean,
    metered = false,
  ): { key: string; bound: boolean; unit?: string } | undefined {
    const trimmed = gap.trimEnd();
    const binder = BINDER.exec(trimmed);
    const said = /\s(?:is|of|was|reached)$/i.test(trimmed);
    if (binder === null && !wordsAllowed) return undefined;
    let phrase = binder === null ? trimmed : trimmed.slice(0, binder.index);
    if (said) phrase = phrase.replace(/\s\S+$/, '');
    // `time per iteration (ms):` and `loss (train):` keep what is in brackets as part of the name.
    const bracketed = binder === null ? null : /\s?[([]([^()[\]]{1,24})[)\]]$/.exec(phrase);
    if (bracketed !== null) phrase = phrase.slice(0, bracketed.index);
    if (bracketed !== null && /^[\s\d./]*$/.test(bracketed[1]!)) return undefined;
    let cut = 0;
    for (const edge of phrase.matchAll(EDGE)) cut = edge.index + edge[0].length;
    phrase = phrase
      .slice(cut)
      .replace(/^\s*(?:[\d.,]+\s+)+/, '')
      .replace(/^[-*>\s]+\s|\.{2,}$/g, '')
      .replace(/^[^\p{L}_%/\-.]+/u, '')
      .replace(/^['"`*#]+|['"`]+$/g, '')
      .trim();
    if (!/^[\p{L}_%]/u.test(phrase)) return undefined;
    const words = phrase.split(/\s+/);
    if (words.some((word) => word.startsWith('--') || word.includes('://') || word.includes('\\'))) return undefined;
    if (/[\p{L}\p{N}_]\([^)]*$/u.test(phrase)) return undefined;
    const last = words.at(-1)!;
    if (isNoMetric(last) || isNoMetric(phrase) || /^\d/.test(phrase)) return undefined;
    const key = binder === null ? bareName(words, said, metered) : boundName(words);
    if (key === undefined) return undefined;
    if (bracketed === null) return { key, bound: binder !== null };
    const unit = matchAt(UNIT, bracketed[1]!, 0)?.[0];
    return { key: key + bracketed[0], bound: true, ...(unit === bracketed[1] ? { unit } : {}) };
  }

  /** Notes a split named in passing: `Test: [10/196] Loss 0.9`. */
  #splits(gap: string): void {
    for (const match of gap.matchAll(SPLIT_WORD)) {
      const word = match[1]!;
      // `test: 0.5` is the number's own name.
      if (match.index + match[0].length === gap.trimEnd().length && BINDER.test(gap.trimEnd())) continue;
      this.#split = /^train/i.test(word) ? '' : word;
    }
  }

  #prefixed(key: string): string {
    if (this.#split === '') return key;
    return new RegExp(`(?:^|[^a-z])(?:${HELD_OUT}|train)`, 'i').test(key) ? key : `${this.#split}/${key}`;
  }

  /** Past the bracket that closes a counter and the percentage beside it. */
  #closed(at: number): number {
    const text = this.#text;
    const share = /^\s*\(\s*[\d.]+\s*%\s*\)/.exec(text.slice(at, at + 24));
    const next = at + (share?.[0].length ?? 0);
    const close = /^\s*[\])>]/.exec(text.slice(next, next + 8));
    return next + (close?.[0].length ?? 0);
  }

  #skip(to: number): number {
    this.#from = to;
    return to;
  }
}

/** A name before `:` or `=`. Short phrases are names; of sentences, the metric they end or begin with. */
function boundName(words: readonly string[]): string | undefined {
  const prose = words.some(isProse);
  if (!prose && words.length <= 5) return words.join(' ');
  if (isMetricWord(words.at(-1)!)) return tail(words);
  if (words.slice(0, 2).some(isMetricWord) && words.length <= 12) return words.join(' ');
  return undefined;
}

/** A name with only space, or `is`, between it and its number: it must end with a metric's word. */
function bareName(words: readonly string[], said: boolean, metered: boolean): string | undefined {
  const last = words.at(-1)!;
  if (!isMetricWord(last)) {
    if (metered && words.length === 1) return last;
    return said && isMetricWord(words[0]!) && words.length <= 12 ? words.join(' ') : undefined;
  }
  return words.length <= 3 && !words.some(isProse) ? words.join(' ') : tail(words);
}

/** The metric word at the end of a sentence with the qualifiers before it. */
function tail(words: readonly string[]): string {
  let from = words.length - 1;
  while (from > 0 && words.length - from < 4 && (isQualifier(words[from - 1]!) || isMetricWord(words[from - 1]!)))
    from--;
  return words.slice(from).join(' ');
}

function isSplitName(key: string): boolean {
  return new RegExp(`^(?:${HELD_OUT}|train|training)$`, 'i').test(key);
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
