/** click: `@click.option("--lr", type=float, default=0.1)`. */

import { callOf, definitions, literal, read, typeKind, type Call } from './python.ts';
import { knobName, listValues, type Finds, type Raw } from './raw.ts';
import { lineAt, textOf, type Literal, type Source } from './source.ts';

/** Options of every click command in the file. */
export function click(source: Source): Finds {
  if (!/\bclick\b/.test(source.text)) return { knobs: [] };
  const knobs: Raw[] = [];
  const notes: string[] = [];
  for (const { decorators } of definitions(source, 'FunctionDefinition').values()) {
    for (const call of decorators) {
      const given = textOf(literal(source, call.positional[0]));
      const required = call.named.get('required');
      const insists = required !== undefined && read(source, required) === 'True';
      if (/(^|\.)argument$/.test(call.callee) && given !== undefined && !call.named.has('default')) {
        notes.push(`${source.file} insists on the argument "${given}": add it to command.`);
      }
      if (!/(^|\.)option$/.test(call.callee)) continue;
      const names = call.positional.map((node) => textOf(literal(source, node))).filter((name) => name !== undefined);
      const flags = names.find((name) => name.startsWith('--')) ?? names.find((name) => name.startsWith('-'));
      if (flags === undefined) continue;
      if (insists) notes.push(`${source.file} insists on ${flags}: add it to command.`);
      knobs.push(option(source, call, flags));
    }
  }
  return { knobs, notes };
}

function option(source: Source, call: Call, flags: string): Raw {
  const [flag = flags, off] = flags.split('/').map((part) => part.trim());
  const initial = literal(source, call.named.get('default'));
  const help = textOf(literal(source, call.named.get('help')));
  const base = {
    name: knobName(flag),
    file: source.file,
    line: lineAt(source.text, call.node.from),
    initial,
    ...(help && { help }),
  };
  const isFlag = call.named.get('is_flag');
  if (off !== undefined || (isFlag !== undefined && read(source, isFlag) === 'True')) {
    const negative = off === undefined ? {} : { off };
    const start: Literal = initial?.kind === 'bool' ? initial : { kind: 'bool', value: false };
    const why =
      off === undefined && start.kind === 'bool' && start.value
        ? 'is on already and has no form that turns it off'
        : undefined;
    return {
      ...base,
      kind: 'bool',
      initial: start,
      via: { by: 'flag', flag, style: 'switch', ...negative },
      ...(why && { why }),
    };
  }
  const via = { by: 'flag', flag, style: 'space' } as const;
  const typeNode = call.named.get('type');
  const type = callOf(source, typeNode);
  if (call.named.has('multiple') || call.named.has('nargs')) return { ...base, kind: 'list', via };
  if (type?.callee.endsWith('Choice')) {
    const choices = listValues(literal(source, type.positional[0]));
    return { ...base, kind: initial?.kind, via, ...(choices && { choices }) };
  }
  if (type !== undefined && /(Float|Int)Range$/.test(type.callee)) {
    const low = numberOf(source, type, 0, 'min');
    const high = numberOf(source, type, 1, 'max');
    const kind = type.callee.endsWith('IntRange') ? 'int' : 'float';
    return { ...base, kind, via, ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
  }
  const declared = typeNode === undefined ? undefined : typeKind(read(source, typeNode));
  return { ...base, kind: declared ?? initial?.kind, via };
}

/** A bound given by place or by name. */
export function numberOf(source: Source, call: Call, place: number, name: string): number | undefined {
  const found = literal(source, call.named.get(name) ?? call.positional[place]);
  return found?.kind === 'int' || found?.kind === 'float' ? found.value : undefined;
}
