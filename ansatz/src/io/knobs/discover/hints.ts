/** What a script's text tells beyond its knobs: which metrics it seems to print, and which constraints it asserts. */

import { directionOf } from '../../config/direction.ts';
import type { SyntaxNode } from '@lezer/common';
import { assignments, calls, read, statements } from './python.ts';
import { children, descendants, type Literal, type Source } from './source.ts';

/** Names of metrics in the script's output strings and tracker calls, the likeliest objective first. */
export function metricHints(script: string): string[] {
  const text = script.replaceAll(/\\[nrt]/g, ' ');
  const found = new Map<string, number>();
  const note = (name: string, weight: number) => {
    const key = name.trim().replaceAll(/\s+/g, '_');
    if (key.length < 2 || key.length > 40 || directionOf(key) === undefined || /^(best|min|max)_|^return$/.test(key))
      return;
    found.set(key, (found.get(key) ?? 0) + weight);
  };
  // "val loss {x:.4f}", `loss: ${x}`, "loss %.3f", "Loss: {:.4f}"
  for (const match of text.matchAll(
    /([A-Za-z][\w/@-]*(?:[ _][A-Za-z][\w/@-]*){0,2})\s*[:=]?\s*\(?(?:\$?\{|%[.\d]*[fgeds])/g,
  )) {
    const words = match[1]!.split(/ /);
    const at = words.findIndex((word) => /^(train|val|valid|validation|test|eval|dev)$/i.test(word));
    const mean = words.findIndex((word) => /^(average|avg|mean)$/i.test(word));
    const from = at === -1 ? mean : at;
    note(from === -1 ? words.at(-1)! : words.slice(from).join('_'), 1);
  }
  // wandb.log({"val/loss": …}), self.log("val_loss", …), add_scalar("Loss/val", …), print("val_loss", x), JSON.stringify({ val_loss })
  for (const match of text.matchAll(/["']([A-Za-z][\w/@.-]*)\s*[:=]?\s*["']\s*[:,]/g)) note(match[1]!, 1);
  for (const match of text.matchAll(/[{,]\s*([A-Za-z]\w*)\s*(?=[:,}])/g))
    if (/loss|acc|bpb|ppl|reward/i.test(match[1]!)) note(match[1]!, 0.5);
  // The Hugging Face trainer prints metrics whose names are not in the script.
  if (/\bTrainer\(/.test(text)) note('eval_loss', 1);
  return [...found]
    .map(([name, times]) => ({ name, worth: worth(name) + Math.min(times, 3) / 10 }))
    .toSorted((a, b) => b.worth - a.worth)
    .map(({ name }) => name)
    .slice(0, 8);
}

function worth(name: string): number {
  const lower = name.toLowerCase();
  const held = /(^|[\W_])(val|valid|validation|eval|dev)/.test(lower)
    ? 4
    : /(^|[\W_])test/.test(lower)
      ? 3
      : /train/.test(lower)
        ? 0
        : 1;
  const mean = /(^|_)(average|avg|mean)_/.test(lower) ? 1 : 0;
  return held + mean + (/loss|bpb|nll|ppl|perplexity/.test(lower) ? 1 : 0.5);
}

/**
 * `assert A % (B * C) == 0` over names that are all known: knobs stay names, other constants become their number, and
 * names computed from those become their formula. `imported` gives literals of modules beside the script.
 * Only what the constraint language can say is kept.
 */
export function assertions(
  source: Source,
  knobs: ReadonlyMap<string, string>,
  imported: (module: string, name: string) => Literal | undefined,
): string[] {
  const names = new Names(source, knobs, imported);
  const found = new Set<string>();
  for (const node of descendants(source.top)) {
    if (node.name !== 'AssertStatement') continue;
    const test = [...children(node)][1];
    if (test === undefined || !/[%<>]/.test(read(source, test))) continue;
    const said = names.say(test, 0);
    if (said !== undefined && said.about > 0) found.add(said.text.replaceAll(/\s+/g, ' '));
  }
  return [...found];
}

/** Expressions of a script said in the names of its knobs. */
class Names {
  private readonly source: Source;
  private readonly knobs: ReadonlyMap<string, string>;
  private readonly formulas = new Map<string, SyntaxNode | undefined>();
  private readonly imports = new Map<string, Literal | undefined>();

  constructor(
    source: Source,
    knobs: ReadonlyMap<string, string>,
    imported: (module: string, name: string) => Literal | undefined,
  ) {
    this.source = source;
    this.knobs = knobs;
    for (const statement of statements(source.top)) {
      for (const { target, value } of assignments(statement)) {
        const name = read(source, target);
        // Bound twice, a name has no one formula.
        this.formulas.set(name, this.formulas.has(name) ? undefined : value);
      }
      const from = /^from\s+(\.?[\w.]+)\s+import\s+\(?([\w\s,]+)\)?$/.exec(
        statement.name === 'ImportStatement' ? read(source, statement) : '',
      );
      for (const name of from?.[2]?.split(',') ?? []) this.imports.set(name.trim(), imported(from![1]!, name.trim()));
    }
  }

  /** The text of an expression and how many knobs it is about; undefined when the constraint language has no words for it. */
  say(node: SyntaxNode, depth: number): { text: string; about: number } | undefined {
    if (depth > 4) return undefined;
    let text = '';
    let end = node.from;
    let about = 0;
    for (const part of descendants(node)) {
      if (
        /^(CallExpression|MemberExpression|String|FormatString|LambdaExpression|ConditionalExpression|ArrayExpression|NamedExpression)$/.test(
          part.name,
        )
      )
        return undefined;
      if (part.name !== 'VariableName') continue;
      const inner = this.word(read(this.source, part), depth);
      if (inner === undefined) return undefined;
      about += inner.about;
      text += this.source.text.slice(end, part.from) + inner.text;
      end = part.to;
    }
    return { text: text + this.source.text.slice(end, node.to), about };
  }

  private word(name: string, depth: number): { text: string; about: number } | undefined {
    const knob = this.knobs.get(name);
    if (knob !== undefined) return { text: knob, about: 1 };
    const formula = this.formulas.get(name);
    if (formula !== undefined) {
      const said = this.say(formula, depth + 1);
      return said === undefined
        ? undefined
        : { ...said, text: formula.name === 'Number' ? said.text : `(${said.text})` };
    }
    const literal = this.formulas.has(name) ? undefined : this.imports.get(name);
    return literal?.kind === 'int' || literal?.kind === 'float' ? { text: String(literal.value), about: 0 } : undefined;
  }
}

/** Whether a script parses only part of its command line, so that a mistyped flag goes unnoticed. */
export function ignoresUnknownFlags(source: Source): boolean {
  return [...calls(source)].some((call) => call.callee.endsWith('.parse_known_args'));
}
