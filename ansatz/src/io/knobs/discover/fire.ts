/** python-fire and jsonargparse: the signature of the function (or constructor) is the command line. */

import { annotatedKind, calls, definitions, literal, parametersOf, read } from './python.ts';
import type { Finds, Raw } from './raw.ts';
import { commentAfter, lineAt, type Source } from './source.ts';

/** Parameters with defaults of what is given to `fire.Fire` or jsonargparse's `CLI`. */
export function fire(source: Source): Finds {
  const functions = definitions(source, 'FunctionDefinition');
  const classes = definitions(source, 'ClassDefinition');
  const knobs: Raw[] = [];
  const notes: string[] = [];
  for (const call of calls(source)) {
    if (!/(^|\.)(Fire|CLI|auto_cli)$/.test(call.callee) || call.positional[0] === undefined) continue;
    const name = read(source, call.positional[0]);
    const body = classes.get(name)?.node.getChild('Body');
    const constructor = body
      ?.getChildren('FunctionDefinition')
      .find(
        (method) =>
          method.getChild('VariableName') !== null && read(source, method.getChild('VariableName')!) === '__init__',
      );
    const target = functions.get(name)?.node ?? constructor;
    if (target === undefined) continue;
    for (const parameter of parametersOf(source, target)) {
      if (parameter.name === 'self') continue;
      if (parameter.value === undefined) {
        notes.push(`${source.file} insists on --${parameter.name}: add it to command.`);
        continue;
      }
      const initial = literal(source, parameter.value);
      const help = commentAfter(source, parameter.value.to);
      knobs.push({
        name: parameter.name,
        via: { by: 'flag', flag: `--${parameter.name}`, style: 'equals' },
        kind: annotatedKind(source, parameter.annotation) ?? initial?.kind,
        initial,
        file: source.file,
        line: lineAt(source.text, parameter.node.from),
        ...(help && { help }),
      });
    }
  }
  return { knobs, notes };
}
