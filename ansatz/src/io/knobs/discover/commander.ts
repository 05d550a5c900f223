/** commander's `.option("--lr <n>", "rate", parseFloat, 0.1)`, and the options of yargs and minimist. */

import type { Value } from '../../../methods/space/space.ts';
import { calls, literal, read, type Call } from './javascript.ts';
import { properties, used } from './parseargs.ts';
import { knobName, listValues, readText, type Finds, type Raw } from './raw.ts';
import { lineAt, textOf, type Literal, type Source } from './source.ts';

/** Options declared by chained `.option` calls, yargs' `.options({…})` or minimist's `default`. */
export function commander(source: Source): Finds {
  const knobs: Raw[] = [];
  for (const call of calls(source)) {
    if (call.callee === '.option' || call.callee === '.requiredOption') {
      const flags = textOf(literal(source, call.args[0]));
      if (flags === undefined) continue;
      if (flags.startsWith('-')) knobs.push(commanderOption(source, call, flags));
      else knobs.push(yargsOption(source, flags, properties(source, call.args[1]), call.node.from));
    } else if (call.callee === '.options') {
      for (const [name, node] of properties(source, call.args[0]))
        knobs.push(yargsOption(source, name, properties(source, node), node.from));
    } else if (call.callee === 'minimist') {
      const settings = properties(source, call.args[1]);
      for (const [name, node] of properties(source, settings.get('default'))) {
        const initial = asRead(literal(source, node));
        knobs.push(plain(source, name, initial?.kind, initial, node.from, undefined));
      }
    }
  }
  return { knobs };
}

function commanderOption(source: Source, call: Call, flags: string): Raw {
  const flag = /--[\w-]+/.exec(flags)?.[0] ?? /-\w/.exec(flags)![0];
  const name = knobName(flag);
  const takesValue = /[<[]/.test(flags);
  const rest = call.args.slice(1);
  const help = textOf(literal(source, rest[0]));
  const parserAt = rest.findIndex(
    (node) =>
      /^(parseFloat|parseInt|Number|Number\.parseFloat|Number\.parseInt)$/.test(read(source, node)) ||
      node.name.endsWith('Function'),
  );
  const written = parserAt === -1 ? rest[1] : rest[parserAt + 1];
  const initial = asRead(literal(source, written) ?? used(source, flag.slice(2)));
  const base = { name, file: source.file, line: lineAt(source.text, call.args[0]!.from), ...(help && { help }) };
  if (!takesValue) {
    const on = initial?.kind === 'bool' ? initial : ({ kind: 'bool', value: false } as const);
    return { ...base, kind: 'bool', initial: on, via: { by: 'flag', flag, style: 'switch' } };
  }
  return { ...base, kind: initial?.kind, initial, via: { by: 'flag', flag, style: 'equals' } };
}

function yargsOption(source: Source, name: string, settings: ReturnType<typeof properties>, from: number): Raw {
  const type = textOf(literal(source, settings.get('type')));
  const initial = asRead(literal(source, settings.get('default')));
  const help = textOf(literal(source, settings.get('describe') ?? settings.get('description') ?? settings.get('desc')));
  const choices = listValues(literal(source, settings.get('choices')));
  const kind = type === 'boolean' || settings.has('boolean') ? 'bool' : type === 'array' ? 'list' : initial?.kind;
  return plain(source, name, kind, initial, from, help, choices);
}

function plain(
  source: Source,
  name: string,
  kind: Literal['kind'] | undefined,
  initial: Literal | undefined,
  from: number,
  help?: string,
  choices?: Value[],
): Raw {
  const flag = `--${name}`;
  const base = {
    name: knobName(name),
    kind,
    initial,
    file: source.file,
    line: lineAt(source.text, from),
    ...(help && { help }),
    ...(choices && { choices }),
  };
  if (kind === 'bool')
    return {
      ...base,
      initial: initial ?? { kind: 'bool', value: false },
      via: { by: 'flag', flag, style: 'switch', off: `--no-${name}` },
    };
  return { ...base, via: { by: 'flag', flag, style: 'equals' } };
}

/** Numbers are often given as text on the command line. */
function asRead(literal: Literal | undefined): Literal | undefined {
  return literal?.kind === 'text' ? readText(literal.value) : literal;
}
