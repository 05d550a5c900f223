/** absl flags: `flags.DEFINE_float("lr", 0.1, "learning rate")`. */

import { calls, literal } from './python.ts';
import { listValues, type Finds, type Raw } from './raw.ts';
import { lineAt, textOf, type Literal, type Source } from './source.ts';

const kinds: Readonly<Record<string, Literal['kind']>> = {
  float: 'float',
  integer: 'int',
  bool: 'bool',
  boolean: 'bool',
  string: 'text',
  enum: 'text',
};

/** Flags defined with `DEFINE_*`. */
export function absl(source: Source): Finds {
  const knobs: Raw[] = [];
  for (const call of calls(source)) {
    const define = /(?:^|\.)DEFINE_(\w+)$/.exec(call.callee)?.[1];
    if (define === undefined) continue;
    const name = textOf(literal(source, call.positional[0] ?? call.named.get('name')));
    if (name === undefined) continue;
    const kind = kinds[define] ?? 'list';
    const choices =
      define === 'enum' ? listValues(literal(source, call.positional[2] ?? call.named.get('enum_values'))) : undefined;
    const help = textOf(literal(source, call.positional[define === 'enum' ? 3 : 2] ?? call.named.get('help')));
    const flag = `--${name}`;
    knobs.push({
      name,
      via:
        kind === 'bool'
          ? { by: 'flag', flag, style: 'switch', off: `--no${name}` }
          : { by: 'flag', flag, style: 'equals' },
      kind,
      initial: literal(source, call.positional[1] ?? call.named.get('default')),
      file: source.file,
      line: lineAt(source.text, call.node.from),
      ...(choices && { choices }),
      ...(help && { help }),
    });
  }
  return { knobs };
}
