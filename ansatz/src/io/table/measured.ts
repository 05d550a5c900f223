/** Steps that were timed, out of a table: what the planner's efficiencies are fitted to. One row is one run on one kind of device. */

import {
  deviceNamed,
  type Device,
  knownShape,
  type Layout,
  type Measured,
  type Shape,
  usualJob,
  usualShape,
} from '../../methods/plan/index.ts';
import { UserError } from '../../study/error.ts';
import { quantity } from './quantity.ts';
import type { Sheet } from './table.ts';

/** Runs on devices with the peak of the planned one, and how many rows were left out and why. */
export interface MeasuredRuns {
  readonly measured: readonly Measured[];
  readonly guesses: readonly string[];
}

/** The names columns go by, lower case. */
const COLUMNS = {
  model: ['model', 'name', 'model_name'],
  size: ['n', 'params', 'parameters', 'n_params', 'model_size'],
  layers: ['layers', 'n_layers', 'num_layers', 'depth'],
  hidden: ['hidden', 'hidden_size', 'd_model', 'width', 'n_embd'],
  heads: ['heads', 'n_heads', 'num_heads', 'n_head'],
  kvHeads: ['kv_heads', 'n_kv_heads'],
  ffn: ['ffn', 'ffn_hidden', 'intermediate_size', 'd_ff'],
  vocab: ['vocab', 'vocab_size', 'n_vocab'],
  seq: ['seq', 'seq_len', 'sequence_length', 'context_length', 'block_size'],
  devices: ['devices', 'n_devices', 'n_gpus', 'gpus', 'n_chips', 'chips', 'world_size'],
  device: ['device', 'gpu', 'hardware', 'chip', 'gpu_type'],
  tensor: ['tensor', 'tp', 'tensor_parallel'],
  pipeline: ['pipeline', 'pp', 'pipeline_parallel'],
  context: ['context', 'cp', 'context_parallel'],
  interleave: ['interleave', 'vpp', 'virtual_stages'],
  sharding: ['sharding', 'zero', 'zero_stage', 'fsdp'],
  recompute: ['recompute', 'act_ckpt', 'activation_checkpointing', 'checkpointing'],
  microbatch: ['microbatch', 'micro_batch', 'micro_batch_size', 'device_batch_size'],
  accumulate: ['accumulate', 'grad_accum', 'gradient_accumulation', 'grad_accum_steps'],
  batch: ['batch', 'global_batch', 'global_batch_seqs', 'global_batch_size', 'batch_size'],
  attention: ['attention', 'attn'],
  precision: ['precision', 'dtype'],
  peak: ['peak_tflops'],
  seconds: ['seconds', 'iter_s', 'step_s', 'step_time', 'seconds_per_step', 'iteration_time'],
  rate: [
    'tok_s_per_chip',
    'tok_per_s_per_gpu',
    'tokens_per_second_per_device',
    'tok_s_per_gpu',
    'tokens_per_second_per_gpu',
  ],
  totalRate: ['tokens_per_second', 'tok_per_s', 'tok_s', 'throughput'],
} as const;
type Column = keyof typeof COLUMNS;

/** Rows of runs on devices of `device`'s kind. Throws a UserError when there is none, or a column is missing. */
export function measuredIn(sheet: Sheet, device: Device): MeasuredRuns {
  const names = sheet.columns.map((name) =>
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_'),
  );
  const at = new Map<Column, number>();
  for (const [column, known] of Object.entries(COLUMNS) as [Column, readonly string[]][]) {
    const place = names.findIndex((name) => known.includes(name));
    if (place >= 0) at.set(column, place);
  }
  for (const [columns, words] of [
    [
      ['seconds', 'rate', 'totalRate'],
      'what was measured: seconds of a step, or tokens per second (of a device or of all)',
    ],
    [['size', 'layers', 'model'], 'the size: parameters, or layers and width, or the name of a known model'],
    [['seq'], 'the sequence length'],
    [['devices'], 'the number of devices'],
  ] as const)
    if (!columns.some((column) => at.has(column))) throw missing(sheet, columns[0], words);

  const measured: Measured[] = [];
  let [foreign, unshaped, untimed] = [0, 0, 0];
  for (const { line, cells } of sheet.rows) {
    const text = (column: Column): string => cells[at.get(column) ?? -1]?.trim() ?? '';
    const number = (column: Column): number | undefined => {
      const cell = text(column);
      if (cell === '') return undefined;
      const value = quantity(cell);
      if (value === undefined || !(value > 0)) throw bad(sheet, line, column, cell);
      return value;
    };
    const own = ['', device.name.toLowerCase()].includes(text('device').toLowerCase());
    const on = own ? device : deviceNamed(text('device'));
    if (on === undefined || on.peak !== device.peak) {
      foreign++;
      continue;
    }
    const shape = shapeOf(text('model'), number);
    const devices = number('devices') ?? 1;
    const layout = shape === undefined ? undefined : layoutOf(devices, text, number, sheet, line);
    if (shape === undefined || layout === undefined) {
      unshaped++;
      continue;
    }
    const tokens = layout.microbatch * layout.accumulate * layout.data * shape.seq;
    const rate = number('totalRate') ?? (number('rate') === undefined ? undefined : number('rate')! * devices);
    const seconds = number('seconds') ?? (rate === undefined ? undefined : tokens / rate);
    if (seconds === undefined) {
      untimed++;
      continue;
    }
    const plain = text('attention').toLowerCase() === 'plain';
    const eight = /fp8|int8/i.test(text('precision')) || (number('peak') ?? 0) * 1e12 > 1.5 * on.peak;
    const job = {
      ...usualJob(shape, on),
      bits: eight ? (8 as const) : (16 as const),
      ...(plain ? { attention: 'plain' as const, dropout: true } : {}),
    };
    measured.push({ job, layout, seconds });
  }
  const guesses = [
    `${measured.length} of ${sheet.rows.length} rows of ${sheet.file}`,
    ...(foreign > 0 ? [`${foreign} rows on other devices than ${device.name} left out`] : []),
    ...(unshaped > 0
      ? [
          `${unshaped} rows left out: no shape of that size is known (add layers, hidden, heads), or degrees do not divide the devices`,
        ]
      : []),
    ...(untimed > 0 ? [`${untimed} rows without a time left out`] : []),
  ];
  if (measured.length === 0) {
    throw new UserError('no-data', `no row of "${sheet.file}" is a run on ${device.name}`, {
      where: sheet.file,
      why: guesses.slice(1).join('; '),
      fix: 'layers,hidden,heads,seq,devices,device,microbatch,accumulate,zero,recompute,seconds',
    });
  }
  return { measured, guesses };
}

function shapeOf(model: string, number: (column: Column) => number | undefined): Shape | undefined {
  const seq = number('seq');
  if (seq === undefined) return undefined;
  const [layers, hidden, heads] = [number('layers'), number('hidden'), number('heads')];
  const size = number('size');
  const [kvHeads, ffn, vocab] = [number('kvHeads'), number('ffn'), number('vocab')];
  if (layers !== undefined && hidden !== undefined) {
    const wish = {
      layers,
      hidden,
      ...(heads === undefined ? {} : { heads }),
      ...(kvHeads === undefined ? {} : { kvHeads }),
    };
    return usualShape(size ?? 12 * layers * hidden * hidden, seq, {
      ...wish,
      ...(ffn === undefined ? {} : { ffn, gated: ffn < 3.9 * hidden }),
      ...(vocab === undefined ? {} : { vocab }),
    });
  }
  const named = size ?? quantity(/(\d+(?:\.\d+)?[mbt])/i.exec(model)?.[1] ?? '');
  if (named === undefined) return undefined;
  return knownShape(model, named, seq) ?? usualShape(named, seq);
}

function layoutOf(
  devices: number,
  text: (column: Column) => string,
  number: (column: Column) => number | undefined,
  sheet: Sheet,
  line: number,
): Layout | undefined {
  const [tensor, pipeline, context] = [number('tensor') ?? 1, number('pipeline') ?? 1, number('context') ?? 1];
  const data = devices / tensor / pipeline / context;
  if (!Number.isInteger(data)) return undefined;
  const batch = number('batch');
  const microbatch =
    number('microbatch') ?? (pipeline > 1 || batch === undefined ? 1 : batch / data / (number('accumulate') ?? 1));
  const accumulate = number('accumulate') ?? (batch === undefined ? 1 : batch / data / microbatch);
  return {
    data,
    tensor,
    sequence: tensor > 1 && !/full/i.test(text('recompute')),
    context,
    pipeline,
    interleave: number('interleave') ?? 1,
    zero: data * context === 1 ? 0 : zeroOf(text('sharding'), pipeline, sheet, line),
    recompute: recomputeOf(text('recompute'), sheet, line),
    microbatch,
    accumulate: Math.max(1, Math.round(accumulate)),
  };
}

/** FSDP's words and ZeRO's numbers; nothing said: FSDP without a pipeline, else ZeRO-1. */
function zeroOf(cell: string, stages: number, sheet: Sheet, line: number): Layout['zero'] {
  const plain = cell.toLowerCase().replaceAll(/[\s_-]/g, '');
  if (plain === '') return stages === 1 ? 3 : 1;
  if (['3', 'zero3', 'fullshard', 'fsdp', 'hybridshard', 'true'].includes(plain)) return 3;
  if (['2', 'zero2', 'shardgradop'].includes(plain)) return 2;
  if (['1', 'zero1'].includes(plain)) return 1;
  if (['0', 'noshard', 'ddp', 'none', 'false'].includes(plain)) return 0;
  throw bad(sheet, line, 'sharding', cell);
}

function recomputeOf(cell: string, sheet: Sheet, line: number): Layout['recompute'] {
  const plain = cell.toLowerCase();
  if (['', 'none', 'false', 'no', '0'].includes(plain)) return 'none';
  if (['full', 'true', 'yes', '1'].includes(plain)) return 'full';
  if (plain.startsWith('selective')) return 'selective';
  throw bad(sheet, line, 'recompute', cell);
}

function missing(sheet: Sheet, column: Column, words: string): UserError {
  return new UserError('no-column', `no column of "${sheet.file}" tells ${words}`, {
    where: sheet.file,
    why: `its columns are ${sheet.columns.join(', ')}`,
    fix: `name one ${COLUMNS[column].slice(0, 3).join(' or ')}`,
  });
}

function bad(sheet: Sheet, line: number, column: Column, cell: string): UserError {
  const example =
    column === 'sharding' ? '0, 1, 2, 3 or FULL_SHARD' : column === 'recompute' ? 'none, selective or full' : '8';
  return new UserError('bad-cell', `"${cell}" is no ${column} that can be read`, {
    where: `${sheet.file}:${line}`,
    fix: example,
  });
}
