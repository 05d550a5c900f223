/** Environment variables with a default: `os.environ.get("LR", 0.1)`, `process.env.LR ?? 0.1`, `${LR:-0.1}`. */

import type { SyntaxNode } from '@lezer/common';
import type { Value } from '../../../methods/space/space.ts';
import * as js from './javascript.ts';
import * as py from './python.ts';
import { readText, type Finds, type Raw } from './raw.ts';
import { children, descendants, lineAt, textOf, type Literal, type Source } from './source.ts';

/** Variables a Python script asks for. */
export function pythonEnvironment(source: Source): Finds {
  const knobs: Raw[] = [];
  for (const call of py.calls(source)) {
    if (!/(^|\.)(environ\.get|getenv)$/.test(call.callee)) continue;
    const name = textOf(py.literal(source, call.positional[0]));
    if (name === undefined) continue;
    let outer: SyntaxNode = call.node;
    let initial = py.literal(source, call.positional[1] ?? call.named.get('default'));
    const parent = outer.parent;
    if (initial === undefined && parent?.name === 'BinaryExpression' && / or /.test(py.read(source, parent))) {
      initial = py.literal(source, parent.lastChild ?? undefined);
      outer = parent;
    }
    const cast = py.callOf(source, outer.parent?.parent ?? undefined)?.callee;
    knobs.push(variable(source, name, initial, cast, call.node.from));
  }
  return { knobs };
}

/** Variables a JavaScript module asks for. */
export function javascriptEnvironment(source: Source): Finds {
  const knobs: Raw[] = [];
  const seen = new Set<string>();
  for (const node of descendants(source.top)) {
    const name = /^process\.env(?:\.(\w+)|\[\s*['"](\w+)['"]\s*\])$/.exec(
      node.name === 'MemberExpression' ? js.read(source, node) : '',
    );
    const variableName = name?.[1] ?? name?.[2];
    if (variableName === undefined || seen.has(variableName)) continue;
    const { initial, cast } = fallback(source, node);
    if (initial === undefined) continue;
    seen.add(variableName);
    knobs.push(variable(source, variableName, initial, cast, node.from));
  }
  return { knobs };
}

/** The default behind `??`, `||` or `? :`, on either side of a `Number(…)`. */
export function fallback(source: Source, node: SyntaxNode): { initial: Literal | undefined; cast: string | undefined } {
  let cast: string | undefined;
  let initial: Literal | undefined;
  for (let outer = node.parent, inner = node; outer !== null; inner = outer, outer = outer.parent) {
    if (outer.name === 'ArgList' || outer.name === 'ParenthesizedExpression' || outer.name === 'UnaryExpression')
      continue;
    if (outer.name === 'CallExpression') {
      const callee = js.callOf(source, outer)?.callee ?? '';
      if (!/^(Number|\.?parseFloat|\.?parseInt|String|Boolean)$/.test(callee)) break;
      cast = callee.replace(/^\./, '');
      continue;
    }
    if (
      outer.name === 'BinaryExpression' &&
      /^(\?\?|\|\|)$/.test(operatorOf(source, outer)) &&
      outer.firstChild!.from === inner.from
    ) {
      initial ??= js.literal(source, outer.lastChild ?? undefined);
      continue;
    }
    if (outer.name === 'ConditionalExpression') {
      initial ??= js.literal(source, outer.lastChild ?? undefined);
      continue;
    }
    break;
  }
  return { initial, cast };
}

function operatorOf(source: Source, node: SyntaxNode): string {
  const operator = [...children(node)][1];
  return operator === undefined ? '' : js.read(source, operator);
}

/** Variables of a shell script with a default. */
export function shellEnvironment(text: string, file: string): Finds {
  const knobs = new Map<string, Raw>();
  for (const match of text.matchAll(/\$\{(\w+):?[-=]([^}$]*)\}/g)) {
    const [, name = '', written = ''] = match;
    const initial = readText(written.replaceAll(/^["']|["']$/g, ''));
    if (!knobs.has(name)) {
      knobs.set(name, {
        name,
        via: { by: 'env', variable: name },
        kind: initial.kind,
        initial,
        file,
        line: lineAt(text, match.index),
      });
    }
  }
  return { knobs: [...knobs.values()] };
}

function variable(
  source: Source,
  name: string,
  given: Literal | undefined,
  cast: string | undefined,
  from: number,
): Raw {
  const read = given?.kind === 'text' ? readText(given.value) : given;
  const base = {
    name,
    via: { by: 'env', variable: name } as const,
    file: source.file,
    line: lineAt(source.text, from),
  };
  if (given?.kind === 'text' && /^(true|false)$/i.test(given.value)) {
    // Spelled as the default is: what the script compares with is unknown.
    const on = given.value.replace(/false/i, (word) => (word === 'False' ? 'True' : 'true'));
    const off = given.value.replace(/true/i, (word) => (word === 'True' ? 'False' : 'false'));
    const choices: Value[] = [off, on];
    return { ...base, kind: 'bool', initial: given, choices };
  }
  const castKind =
    cast === 'float' || cast === 'Number' || cast === 'parseFloat'
      ? 'float'
      : cast === 'int' || cast === 'parseInt'
        ? 'int'
        : undefined;
  const kind =
    castKind === 'float' && read?.kind === 'int' && source.language === 'javascript' ? 'int' : (castKind ?? read?.kind);
  return { ...base, kind, initial: read };
}
