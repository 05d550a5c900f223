/** argparse (and what speaks like it): `parser.add_argument("--lr", type=float, default=0.1)`. */

import type { Delivery } from '../../../study/config.ts';
import { calls, literal, read, typeKind, type Call } from './python.ts';
import { knobName, listValues, type Finds, type Raw } from './raw.ts';
import { lineAt, textOf, type Literal, type Source } from './source.ts';

/** Options of every argparse parser in the file. */
export function argparse(source: Source): Finds {
  const knobs: Raw[] = [];
  const notes: string[] = [];
  const all = [...calls(source)];
  const later = new Map<string, Literal | undefined>();
  for (const call of all) {
    if (!call.callee.endsWith('.set_defaults')) continue;
    for (const [name, value] of call.named) later.set(name, literal(source, value));
  }
  for (const call of all) {
    if (!call.callee.endsWith('.add_argument')) continue;
    const names = call.positional.map((node) => textOf(literal(source, node))).filter((name) => name !== undefined);
    const flag = names.find((name) => name.startsWith('--')) ?? names.find((name) => name.startsWith('-'));
    const required = textOfWord(source, call, 'required') === 'True';
    if (flag === undefined) {
      const optional = call.named.has('default') || /^["'][?*]["']$/.test(textOfWord(source, call, 'nargs') ?? '');
      if (names[0] !== undefined && !optional)
        notes.push(`${source.file} insists on the argument "${names[0]}": add it to command.`);
      continue;
    }
    if (required) notes.push(`${source.file} insists on ${flag}: add it to command.`);
    knobs.push(option(source, call, flag, names, later));
  }
  return { knobs, notes };
}

function option(
  source: Source,
  call: Call,
  flag: string,
  names: readonly string[],
  later: ReadonlyMap<string, Literal | undefined>,
): Raw {
  const name = knobName(flag);
  const destination = textOf(literal(source, call.named.get('dest'))) ?? name;
  const action = /(\w+)["']?$/.exec(textOfWord(source, call, 'action') ?? '')?.[1];
  const declared = literal(source, call.named.get('default'));
  const initial = later.get(destination) ?? declared;
  const help = textOf(literal(source, call.named.get('help')));
  const base = {
    name,
    file: source.file,
    line: lineAt(source.text, call.node.from),
    ...(help === undefined ? {} : { help }),
  };
  const plain: Delivery = { by: 'flag', flag, style: 'space' };
  if (action === 'BooleanOptionalAction') {
    return { ...base, kind: 'bool', initial, via: { by: 'flag', flag, style: 'switch', off: `--no-${flag.slice(2)}` } };
  }
  if (action === 'store_true' || action === 'store_false') {
    const off = names.find((other) => other !== flag && other.startsWith('--no-'));
    const present: Literal = { kind: 'bool', value: false };
    const why =
      declared?.kind === 'bool' && declared.value === (action === 'store_true')
        ? 'is on already and has no form that turns it off'
        : undefined;
    return {
      ...base,
      kind: 'bool',
      initial: present,
      via: { by: 'flag', flag, style: 'switch', ...(off && { off }) },
      ...(why && { why }),
    };
  }
  if (action !== undefined && action !== 'store') {
    return { ...base, kind: 'text', initial, via: plain, why: `argparse action ${action} carries no single value` };
  }
  const nargs = textOfWord(source, call, 'nargs');
  if (nargs !== undefined && !/["']\?["']/.test(nargs)) return { ...base, kind: 'list', initial, via: plain };
  const choices = listValues(literal(source, call.named.get('choices')));
  const type = textOfWord(source, call, 'type');
  if (type === 'bool') {
    return { ...base, kind: 'bool', initial, via: plain, why: 'type=bool of argparse takes every text for true' };
  }
  if (type === undefined && (initial?.kind === 'int' || initial?.kind === 'float')) {
    return {
      ...base,
      kind: 'text',
      initial,
      via: plain,
      why: 'has no type=, so the script would get text instead of a number',
    };
  }
  const kind = /bool/i.test(type ?? '') ? 'bool' : (typeKind(type ?? 'str') ?? initial?.kind);
  return { ...base, kind, initial, via: plain, ...(choices === undefined ? {} : { choices }) };
}

function textOfWord(source: Source, call: Call, word: string): string | undefined {
  const node = call.named.get(word);
  return node === undefined ? undefined : read(source, node);
}
