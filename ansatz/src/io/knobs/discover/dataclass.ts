/** Classes whose fields are the command line: HfArgumentParser, TrlParser, tyro, draccus, pyrallis, simple_parsing, Tap. */

import type { SyntaxNode } from '@lezer/common';
import type { Delivery } from '../../../study/config.ts';
import type { Value } from '../../../methods/space/space.ts';
import {
  annotatedKind,
  assignments,
  callOf,
  calls,
  definitions,
  entriesOf,
  literal,
  parametersOf,
  read,
  statements,
  type Call,
} from './python.ts';
import { listValues, type Finds, type Raw } from './raw.ts';
import { commentAfter, descendants, lineAt, textOf, type Literal, type Source } from './source.ts';

/** How each parser spells a field. */
type Dialect = 'hf' | 'tyro' | 'nested' | 'flat';

/** Fields of the classes that are handed to a command-line parser. */
export function dataclasses(source: Source): Finds {
  const classes = definitions(source, 'ClassDefinition');
  const functions = definitions(source, 'FunctionDefinition');
  const knobs: Raw[] = [];
  const notes: string[] = [];
  const seen = new Set<string>();
  const take = (name: string, dialect: Dialect, at: SyntaxNode) => {
    if (seen.has(name)) return;
    seen.add(name);
    if (classes.has(name)) {
      for (const field of fieldsOf(source, name)) {
        const raw = rawOf(source, field, dialect);
        if (field.required) notes.push(`${source.file} insists on --${raw.name}: add it to command.`);
        knobs.push(raw);
      }
    } else if (dialect === 'hf' && /(TrainingArguments|SFTConfig|DPOConfig)$/.test(name)) {
      knobs.push(...trainingArguments(source, at));
      notes.push(
        `${source.file} takes the flags of the Hugging Face trainer: it usually wants --output_dir and --do_train in command.`,
      );
    }
  };
  for (const call of calls(source)) {
    const dialect = dialectOf(call.callee);
    const target = call.positional[0] ?? call.named.get('dataclass_types');
    if (dialect === undefined || target === undefined) continue;
    for (const node of descendants(target))
      if (node.name === 'VariableName') take(read(source, node), dialect, call.node);
    const fn = functions.get(read(source, target));
    if (dialect === 'tyro' && fn !== undefined) {
      for (const parameter of parametersOf(source, fn.node)) {
        const initial = literal(source, parameter.value);
        if (parameter.value === undefined) continue;
        knobs.push(
          rawOf(
            source,
            {
              path: [parameter.name],
              kind: annotatedKind(source, parameter.annotation) ?? initial?.kind,
              initial,
              node: parameter.node,
            },
            'tyro',
          ),
        );
      }
    }
  }
  for (const { node, decorators } of functions.values()) {
    if (!decorators.some((call) => /^(draccus|pyrallis)\.wrap$/.test(call.callee))) continue;
    for (const parameter of parametersOf(source, node)) {
      if (parameter.annotation === undefined) continue;
      for (const inner of descendants(parameter.annotation))
        if (inner.name === 'VariableName') take(read(source, inner), 'nested', node);
    }
  }
  for (const [name, { node }] of classes) {
    const bases = node.getChild('ArgList');
    if (bases !== null && /\bTap\b/.test(read(source, bases))) take(name, 'hf', node);
  }
  return { knobs, notes };
}

function dialectOf(callee: string): Dialect | undefined {
  if (/(^|\.)(HfArgumentParser|TrlParser|H4ArgumentParser)$/.test(callee)) return 'hf';
  if (/(^|\.)(tyro\.cli|cli)$/.test(callee)) return 'tyro';
  if (/^(draccus|pyrallis)\.parse$/.test(callee)) return 'nested';
  if (/^simple_parsing\.parse$|\.add_arguments$/.test(callee)) return 'flat';
  return undefined;
}

/** A field of a class of settings, or of one nested in it. */
export interface Field {
  readonly path: readonly string[];
  readonly kind: Literal['kind'] | undefined;
  readonly initial: Literal | undefined;
  readonly choices?: readonly Value[];
  readonly help?: string;
  /** A `field()` without any default. */
  readonly required?: boolean;
  readonly node: SyntaxNode;
}

/** Annotated fields of a class, its bases in the same file first, classes nested as types unfolded. */
export function fieldsOf(source: Source, name: string, prefix: readonly string[] = []): Field[] {
  const found = definitions(source, 'ClassDefinition').get(name);
  const body = found?.node.getChild('Body');
  if (found === undefined || body === null || body === undefined || prefix.length > 4) return [];
  const fields: Field[] = [];
  const bases = found.node.getChild('ArgList')?.getChildren('VariableName') ?? [];
  for (const base of bases) {
    const parent = read(source, base);
    if (parent !== name) fields.push(...fieldsOf(source, parent, [...prefix, ...(prefix.length > 4 ? [''] : [])]));
  }
  for (const statement of statements(body)) {
    for (const { target, annotation, value } of assignments(statement)) {
      if (target.name !== 'VariableName' || annotation === undefined) continue;
      const path = [...prefix, read(source, target)];
      const inner = [...descendants(annotation)].find(
        (node) => node.name === 'VariableName' && definitions(source, 'ClassDefinition').has(read(source, node)),
      );
      if (inner !== undefined && read(source, inner) !== name) {
        fields.push(...fieldsOf(source, read(source, inner), path));
        continue;
      }
      fields.push(field(source, path, target, annotation, value));
    }
  }
  // A field of a subclass replaces the one it inherits.
  return [...new Map(fields.map((entry) => [entry.path.join('.'), entry])).values()];
}

function field(
  source: Source,
  path: readonly string[],
  target: SyntaxNode,
  annotation: SyntaxNode,
  value: SyntaxNode,
): Field {
  const call = callOf(source, value);
  const declared = call !== undefined && /(^|\.)(field|Field|arg)$/.test(call.callee) ? call : undefined;
  const written = declared === undefined ? value : (declared.named.get('default') ?? declared.positional[0]);
  const initial = literal(source, written);
  const help =
    (declared && helpOf(source, declared)) ?? commentAfter(source, value.to) ?? docstringAfter(source, value.to);
  const choices = literalChoices(source, annotation) ?? (declared && choicesOf(source, declared));
  const kind = annotatedKind(source, annotation) ?? initial?.kind;
  const required = declared !== undefined && written === undefined && !declared.named.has('default_factory');
  return {
    path,
    kind,
    initial,
    node: target,
    ...(required && { required }),
    ...(help && { help }),
    ...(choices && { choices }),
  };
}

function helpOf(source: Source, call: Call): string | undefined {
  return textOf(literal(source, call.named.get('help') ?? metadata(source, call, 'help')));
}

function choicesOf(source: Source, call: Call): Value[] | undefined {
  return listValues(literal(source, call.named.get('choices') ?? metadata(source, call, 'choices')));
}

function metadata(source: Source, call: Call, key: string): SyntaxNode | undefined {
  const given = call.named.get('metadata');
  if (given?.name !== 'DictionaryExpression') return undefined;
  return entriesOf(source, given).find((entry) => entry.key === key)?.value;
}

/** Alternatives of `Literal["adam", "sgd"]`. */
function literalChoices(source: Source, annotation: SyntaxNode): Value[] | undefined {
  if (!/\bLiteral\s*\[/.test(read(source, annotation))) return undefined;
  const values = [...descendants(annotation)].flatMap((node) =>
    node.name === 'String' || node.name === 'Number' ? [literal(source, node)] : [],
  );
  return listValues({ kind: 'list', items: values });
}

/** tyro reads the string below a field as its help. */
function docstringAfter(source: Source, end: number): string | undefined {
  return /^\s*\n\s*"""([^"\n]+)"""/.exec(source.text.slice(end, end + 400))?.[1]?.trim();
}

function rawOf(source: Source, entry: Field, dialect: Dialect): Raw {
  const joined = dialect === 'flat' || dialect === 'hf' ? entry.path.at(-1)! : entry.path.join('.');
  const flag = `--${dialect === 'tyro' ? joined.replaceAll('_', '-') : joined}`;
  const switched = dialect === 'tyro' && entry.kind === 'bool';
  const via: Delivery = switched
    ? { by: 'flag', flag, style: 'switch', off: flag.replace(/^--(.*\.)?/, (all) => `${all}no-`) }
    : { by: 'flag', flag, style: 'space' };
  const { kind, initial, choices, help, node } = entry;
  return {
    name: joined,
    via,
    kind,
    initial,
    file: source.file,
    line: lineAt(source.text, node.from),
    ...(choices && { choices }),
    ...(help && { help }),
  };
}

/** Settings of the Hugging Face trainer that matter most, with their documented defaults: the class is not in the file. */
function trainingArguments(source: Source, at: SyntaxNode): Raw[] {
  const known: readonly (readonly [string, Literal])[] = [
    ['learning_rate', { kind: 'float', value: 5e-5 }],
    ['per_device_train_batch_size', { kind: 'int', value: 8 }],
    ['weight_decay', { kind: 'float', value: 0 }],
    ['warmup_steps', { kind: 'int', value: 0 }],
    ['lr_scheduler_type', { kind: 'text', value: 'linear' }],
    ['adam_beta1', { kind: 'float', value: 0.9 }],
    ['adam_beta2', { kind: 'float', value: 0.999 }],
    ['max_grad_norm', { kind: 'float', value: 1 }],
    ['gradient_accumulation_steps', { kind: 'int', value: 1 }],
    ['label_smoothing_factor', { kind: 'float', value: 0 }],
    ['num_train_epochs', { kind: 'float', value: 3 }],
    ['seed', { kind: 'int', value: 42 }],
  ];
  const line = lineAt(source.text, at.from);
  return known.map(([name, initial]) => ({
    name,
    via: { by: 'flag', flag: `--${name}`, style: 'space' },
    kind: initial.kind,
    initial,
    file: source.file,
    line,
    help: 'of the Hugging Face trainer',
    ...(name === 'lr_scheduler_type' ? { choices: ['linear', 'cosine', 'constant', 'constant_with_warmup'] } : {}),
  }));
}
