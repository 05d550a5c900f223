/** typer: parameters of a command are its options, `lr: float = typer.Option(0.1, min=0)`. */

import { numberOf } from './click.ts';
import {
  annotatedKind,
  callOf,
  calls,
  definitions,
  enumerations,
  literal,
  parametersOf,
  read,
  type Call,
  type Parameter,
} from './python.ts';
import { knobName, type Finds, type Raw } from './raw.ts';
import { descendants, lineAt, textOf, type Source } from './source.ts';

/** Options of functions given to `typer.run` or decorated with `@app.command()`. */
export function typer(source: Source): Finds {
  if (!/\btyper\b/.test(source.text)) return { knobs: [] };
  const functions = definitions(source, 'FunctionDefinition');
  const choices = enumerations(source);
  const run = new Set(
    [...calls(source)]
      .filter((call) => call.callee === 'typer.run')
      .flatMap((call) => (call.positional[0] ? [read(source, call.positional[0])] : [])),
  );
  const knobs: Raw[] = [];
  const notes: string[] = [];
  for (const [name, { node, decorators }] of functions) {
    const command = decorators.some((call) => /\.(command|callback)$/.test(call.callee));
    if (!command && !run.has(name)) continue;
    for (const parameter of parametersOf(source, node)) {
      const found = option(source, parameter, choices);
      if (found === undefined)
        notes.push(`${source.file} insists on the argument "${parameter.name}": add it to command.`);
      else knobs.push(found);
    }
  }
  return { knobs, notes };
}

function option(
  source: Source,
  parameter: Parameter,
  choices: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Raw | undefined {
  const annotated =
    parameter.annotation === undefined
      ? undefined
      : declaration([...descendants(parameter.annotation)].map((node) => callOf(source, node)));
  const call = declaration([callOf(source, parameter.value)]) ?? annotated;
  if (call?.callee.endsWith('Argument') || (call === undefined && parameter.value === undefined)) return undefined;
  const inDefault = call !== undefined && call !== annotated;
  const initial = literal(source, inDefault ? (call.named.get('default') ?? call.positional[0]) : parameter.value);
  const names = (call?.positional ?? [])
    .map((node) => textOf(literal(source, node)))
    .filter((text) => text?.startsWith('--'));
  const spelled = `--${parameter.name.replaceAll('_', '-')}`;
  const [flag = spelled, off] = (names[0] ?? spelled).split('/');
  const kind = annotatedKind(source, parameter.annotation) ?? initial?.kind;
  const help = call === undefined ? undefined : textOf(literal(source, call.named.get('help')));
  const low = call === undefined ? undefined : numberOf(source, call, Infinity, 'min');
  const high = call === undefined ? undefined : numberOf(source, call, Infinity, 'max');
  const via =
    kind === 'bool'
      ? ({ by: 'flag', flag, style: 'switch', off: off ?? `--no-${flag.slice(2)}` } as const)
      : ({ by: 'flag', flag, style: 'space' } as const);
  const annotation = parameter.annotation === undefined ? '' : read(source, parameter.annotation);
  const members = choices.get(/^:?\s*(?:Annotated\s*\[\s*)?(\w+)/.exec(annotation)?.[1] ?? '');
  if (members !== undefined) {
    const value = parameter.value === undefined ? '' : read(source, parameter.value);
    const member = members.get(/\.(\w+)(?:\.value)?\)?$/.exec(value)?.[1] ?? '');
    return {
      name: knobName(parameter.name),
      via: { by: 'flag', flag, style: 'space' },
      kind: 'text',
      choices: [...members.values()],
      initial: member === undefined ? initial : { kind: 'text', value: member },
      file: source.file,
      line: lineAt(source.text, parameter.node.from),
      ...(help && { help }),
    };
  }
  return {
    name: knobName(parameter.name),
    via,
    kind,
    initial,
    file: source.file,
    line: lineAt(source.text, parameter.node.from),
    ...(help && { help }),
    ...(low === undefined ? {} : { low }),
    ...(high === undefined ? {} : { high }),
  };
}

function declaration(candidates: readonly (Call | undefined)[]): Call | undefined {
  return candidates.find((call) => call !== undefined && /(^|\.)(Option|Argument)$/.test(call.callee));
}
