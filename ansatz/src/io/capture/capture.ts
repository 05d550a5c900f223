/** Everything a run says, in one place: its output streams, its metrics file and the files its script writes. */

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { MetricFile } from '../../study/config.ts';
import { POLL_BYTES, tailCsv, tailJson, tailJsonLines, type Tailer } from './files.ts';
import type { Metric, Source } from './metric.ts';
import { normalKey } from './names.ts';
import { createParser, type Parser } from './parser.ts';
import { Tail } from './tail.ts';
import { tailTensorBoard } from './tfevents.ts';

/** What to listen to. */
export interface CaptureOptions {
  /** Run folder with the files `stdout`, `stderr` and `metrics.jsonl`; each may come later or never. */
  readonly dir: string;
  /** Folder the script runs in; paths of metric files are relative to it. */
  readonly folder: string;
  readonly files: readonly MetricFile[];
  /** Regular expression with groups `key`, `value` and optionally `step`. */
  readonly pattern?: string | undefined;
  /**
   * The process has not been started: what the metric files of the script hold now is of an earlier run. The run folder
   * remembers how much that was, so that who opens it again for a running process passes over it as well.
   */
  readonly fresh?: boolean;
}

/** An open ear on one run. */
export interface Capture {
  /** What is new in all sources; reads at most about `maxBytes` (1 MiB), shared evenly. Never waits. */
  poll(maxBytes?: number): Metric[];
  /** Everything left, unfinished last lines included. Call it once, after the process has ended. */
  finish(): Metric[];
  /** The last poll left something unread: poll again soon. */
  readonly behind: boolean;
  /** Bytes of output not looked at, because of overlong lines. */
  readonly dropped: number;
  /** Closes the files. Nothing may be called afterwards. */
  close(): void;
}

/** On equal resolution the earlier one is believed: what was sent on purpose before what was printed for people. */
const PREFERENCE: readonly Source[] = ['metrics', 'tensorboard', 'csv', 'stdout', 'stderr'];

/**
 * Listens to a run through the files it leaves. A key heard from several sources is told from the one that gives most
 * digits. Reading is synchronous: one timer polls many runs, and each poll is short.
 * @throws UserError when the pattern is not usable.
 */
export function openCapture(options: CaptureOptions): Capture {
  return new FileCapture(options);
}

class FileCapture implements Capture {
  readonly #ears: readonly Tailer[];
  readonly #streams: readonly StreamTailer[];
  readonly #finest = new Finest();

  constructor({ dir, folder, files, pattern, fresh = false }: CaptureOptions) {
    const opened = files.map((file) => openFile(file, folder));
    const record = join(dir, EARLIER);
    const paths = files.map(({ path }) => resolve(folder, path));
    if (fresh)
      remember(
        record,
        opened.map((tailer, i) => ({ count: tailer.skip(), ...markOf(paths[i]!) })),
      );
    const earlier = fresh ? [] : recall(record);
    const written = opened.map((tailer, i) => new Later(tailer, stillThere(earlier[i], paths[i]!)));
    this.#streams = [
      new StreamTailer(join(dir, 'stdout'), 'stdout', pattern),
      new StreamTailer(join(dir, 'stderr'), 'stderr', pattern),
    ];
    this.#ears = [tailJsonLines(join(dir, 'metrics.jsonl'), 'metrics'), ...written, ...this.#streams];
  }

  get behind(): boolean {
    return this.#ears.some((ear) => ear.behind);
  }

  get dropped(): number {
    return this.#streams.reduce((sum, stream) => sum + stream.dropped, 0);
  }

  poll(maxBytes = POLL_BYTES): Metric[] {
    const share = Math.max(1, Math.floor(maxBytes / this.#ears.length));
    return this.#finest.select(this.#ears.flatMap((ear) => ear.poll(share)));
  }

  finish(): Metric[] {
    return this.#finest.select(this.#ears.flatMap((ear) => ear.finish()));
  }

  close(): void {
    for (const ear of this.#ears) ear.close();
  }
}

/** In a run folder: how much of each metric file was there before the run, for who adopts it later. */
const EARLIER = 'earlier.json';

/** What a metric file held before a run. */
interface Earlier {
  readonly count: number;
  /** Its length and the SHA-256 of it; undefined for a folder. */
  readonly bytes?: number;
  readonly hash?: string;
}

function remember(file: string, held: readonly Earlier[]): void {
  if (held.every(({ count }) => count === 0)) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(held));
}

function recall(file: string): readonly Earlier[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Earlier[];
  } catch {
    return [];
  }
}

function markOf(path: string, bytes = Infinity): Omit<Earlier, 'count'> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return {};
  const content = readFileSync(path).subarray(0, bytes);
  return { bytes: content.length, hash: createHash('sha256').update(content).digest('hex') };
}

/** How many values of an earlier run stand at the beginning of a file: none once it was written anew. */
function stillThere(earlier: Earlier | undefined, path: string): number {
  if (earlier === undefined) return 0;
  return earlier.hash === undefined || markOf(path, earlier.bytes).hash === earlier.hash ? earlier.count : 0;
}

/** A metric file heard from its start, without the values of earlier runs. */
class Later implements Tailer {
  readonly #tailer: Tailer;
  #left: number;

  constructor(tailer: Tailer, earlier: number) {
    this.#tailer = tailer;
    this.#left = earlier;
  }

  get behind(): boolean {
    return this.#tailer.behind;
  }

  poll(maxBytes?: number): Metric[] {
    return this.#pass(this.#tailer.poll(maxBytes));
  }

  finish(): Metric[] {
    return this.#pass(this.#tailer.finish());
  }

  skip(): number {
    return this.#tailer.skip();
  }

  close(): void {
    this.#tailer.close();
  }

  #pass(heard: Metric[]): Metric[] {
    const dropped = Math.min(this.#left, heard.length);
    this.#left -= dropped;
    return heard.slice(dropped);
  }
}

function openFile({ path, format }: MetricFile, folder: string): Tailer {
  const full = resolve(folder, path);
  switch (format) {
    case 'json':
      return tailJson(full, 'metrics');
    case 'jsonl':
      return tailJsonLines(full, 'metrics');
    case 'csv':
      return tailCsv(full);
    case 'tensorboard':
      return tailTensorBoard(full);
  }
}

/** Follows a file of terminal output. */
class StreamTailer implements Tailer {
  readonly #tail: Tail;
  readonly #source: Source;
  readonly #pattern: string | undefined;
  #parser: Parser;
  #droppedBefore = 0;

  constructor(path: string, source: Source, pattern: string | undefined) {
    this.#tail = new Tail(path);
    this.#source = source;
    this.#pattern = pattern;
    this.#parser = createParser(source, { pattern });
  }

  get behind(): boolean {
    return this.#tail.behind;
  }

  get dropped(): number {
    return this.#droppedBefore + this.#parser.dropped;
  }

  poll(maxBytes = POLL_BYTES): Metric[] {
    const { restarted, bytes } = this.#tail.read(maxBytes);
    const ended = restarted ? this.#parser.end() : [];
    if (restarted) {
      this.#droppedBefore += this.#parser.dropped;
      this.#parser = createParser(this.#source, { pattern: this.#pattern });
    }
    return [...ended, ...this.#parser.push(bytes)];
  }

  finish(): Metric[] {
    const heard: Metric[][] = [];
    do heard.push(this.poll());
    while (this.behind);
    return [...heard.flat(), ...this.#parser.end()];
  }

  close(): void {
    this.#tail.close();
  }

  skip(): number {
    this.#tail.skip();
    return 0;
  }
}

/** Believes, for each key, the source with the finest resolution heard so far. */
class Finest {
  readonly #best = new Map<string, { rank: number; resolution: number }>();

  /** The metrics of believed sources. All are weighed before any is judged, so one poll does not tell a point twice. */
  select(metrics: readonly Metric[]): Metric[] {
    for (const { key, source, resolution, value } of metrics) {
      // NaN and Infinity have no digits and say nothing about how finely the source prints.
      const fine = Number.isFinite(value) ? resolution : Infinity;
      const rank = PREFERENCE.indexOf(source);
      const name = normalKey(key);
      const best = this.#best.get(name);
      if (best === undefined) this.#best.set(name, { rank, resolution: fine });
      else if (best.rank === rank) best.resolution = Math.min(best.resolution, fine);
      else if (fine < best.resolution || (fine === best.resolution && rank < best.rank)) {
        this.#best.set(name, { rank, resolution: fine });
      }
    }
    return metrics.filter(({ key, source }) => this.#best.get(normalKey(key))!.rank === PREFERENCE.indexOf(source));
  }
}
