/** Node's `parseArgs({ options: { lr: { type: "string", default: "0.1" } } })`. */

import type { SyntaxNode } from '@lezer/common';
import { fallback } from './environment.ts';
import { calls, declarations, literal, propertiesOf, read } from './javascript.ts';
import { knobName, readText, type Finds, type Raw } from './raw.ts';
import { descendants, lineAt, type Literal, type Source } from './source.ts';

/** Options of `parseArgs`; a default may also stand where the value is used: `values.lr ?? "0.1"`. */
export function parseArgs(source: Source): Finds {
  const knobs: Raw[] = [];
  for (const call of calls(source)) {
    if (!/(^|\.)parseArgs$/.test(call.callee)) continue;
    const settings = properties(source, call.args[0]);
    const negative = settings.get('allowNegative');
    const off = negative !== undefined && read(source, negative) === 'true';
    for (const [name, node] of properties(source, settings.get('options'))) {
      const option = properties(source, node);
      const type = literal(source, option.get('type'));
      if (option.has('multiple')) continue;
      const declared = literal(source, option.get('default')) ?? used(source, name);
      const flag = `--${name}`;
      const base = { name: knobName(name), file: source.file, line: lineAt(source.text, node.from) };
      if (type?.kind === 'text' && type.value === 'boolean') {
        const initial: Literal = declared?.kind === 'bool' ? declared : { kind: 'bool', value: false };
        knobs.push({
          ...base,
          kind: 'bool',
          initial,
          via: { by: 'flag', flag, style: 'switch', ...(off && { off: `--no-${name}` }) },
        });
        continue;
      }
      const initial = declared?.kind === 'text' ? readText(declared.value) : declared;
      knobs.push({ ...base, kind: initial?.kind, initial, untyped: true, via: { by: 'flag', flag, style: 'equals' } });
    }
  }
  return { knobs };
}

/** Properties of an object literal, written in place or bound to a name. */
export function properties(source: Source, node: SyntaxNode | undefined): Map<string, SyntaxNode> {
  const bound =
    node?.name === 'VariableName' || node?.name === 'PropertyDefinition'
      ? declarations(source).find((entry) => entry.name === read(source, node))?.value
      : node;
  return new Map(propertiesOf(source, bound).map(({ key, value }) => [key, value]));
}

/** The fallback where an option's value is read. */
export function used(source: Source, name: string): Literal | undefined {
  const camel = name.replaceAll(/-(\w)/g, (_, c: string) => c.toUpperCase());
  for (const node of descendants(source.top)) {
    if (node.name !== 'MemberExpression') continue;
    const text = read(source, node);
    if (!text.endsWith(`.${camel}`) && !text.endsWith(`['${name}']`) && !text.endsWith(`["${name}"]`)) continue;
    const { initial } = fallback(source, node);
    if (initial !== undefined) return initial;
  }
  return undefined;
}
