/** What a script's text tells beyond its knobs: which metrics it seems to print, and which constraints it asserts. */

import { directionOf } from '../../config/direction.ts';
import { calls, read } from './python.ts';
import { children, descendants, type Literal, type Source } from './source.ts';

/** Names of metrics in the script's output strings and tracker calls, the likeliest objective first. */
export function metricHints(text: string): string[] {
  const found = new Map<string, number>();
  const note = (name: string, weight: number) => {
    const key = name.trim().replaceAll(/\s+/g, '_');
    if (key.length < 2 || key.length > 40 || directionOf(key) === undefined || /^(best|min|max)_/.test(key)) return;
    found.set(key, (found.get(key) ?? 0) + weight);
  };
  // "val loss {x:.4f}", `loss: ${x}`, "loss %.3f", "Loss: {:.4f}"
  for (const match of text.matchAll(/([A-Za-z][\w/@-]*(?:[ _][A-Za-z][\w/@-]*){0,2})\s*[:=]?\s*\(?(?:\$?\{|%[.\d]*[fgeds])/g)) {
    const words = match[1]!.split(/ /);
    const at = words.findIndex((word) => /^(train|val|valid|validation|test|eval|dev)$/i.test(word));
    note(at === -1 ? words.at(-1)! : words.slice(at).join('_'), 1);
  }
  // wandb.log({"val/loss": …}), self.log("val_loss", …), add_scalar("Loss/val", …), print("val_loss", x), JSON.stringify({ val_loss })
  for (const match of text.matchAll(/["']([A-Za-z][\w/@.-]*)["']\s*[:,]/g)) note(match[1]!, 1);
  for (const match of text.matchAll(/[{,]\s*([A-Za-z]\w*)\s*(?=[:,}])/g)) if (/loss|acc|bpb|ppl|reward/i.test(match[1]!)) note(match[1]!, 0.5);
  return [...found]
    .map(([name, times]) => ({ name, worth: worth(name) + Math.min(times, 3) / 10 }))
    .toSorted((a, b) => b.worth - a.worth)
    .map(({ name }) => name)
    .slice(0, 8);
}

function worth(name: string): number {
  const lower = name.toLowerCase();
  const held = /(^|[\W_])(val|valid|validation|eval|dev)/.test(lower) ? 4 : /(^|[\W_])test/.test(lower) ? 3 : /train/.test(lower) ? 0 : 1;
  return held + (/loss|bpb|nll|ppl|perplexity/.test(lower) ? 1 : 0.5);
}

/**
 * `assert A % (B * C) == 0` over names that are all known: knobs stay names, other constants become their number.
 * Only what the constraint language can say is kept.
 */
export function assertions(source: Source, knobs: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const node of descendants(source.top)) {
    if (node.name !== 'AssertStatement') continue;
    const test = [...children(node)][1];
    if (test === undefined || !/[%<>]/.test(read(source, test))) continue;
    let text = '';
    let end = test.from;
    let about = 0;
    let sayable = true;
    for (const part of descendants(test)) {
      if (/^(CallExpression|MemberExpression|String|FormatString|LambdaExpression|ConditionalExpression|ArrayExpression)$/.test(part.name)) sayable = false;
      if (part.name !== 'VariableName') continue;
      const name = read(source, part);
      const knob = knobs.get(name);
      const number = numberText(source.names.get(name));
      if (knob !== undefined) about++;
      else if (number === undefined) sayable = false;
      text += source.text.slice(end, part.from) + (knob ?? number ?? name);
      end = part.to;
    }
    if (sayable && about > 0) found.push((text + source.text.slice(end, test.to)).replaceAll(/\s+/g, ' '));
  }
  return [...new Set(found)];
}

function numberText(literal: Literal | undefined): string | undefined {
  return literal?.kind === 'int' || literal?.kind === 'float' ? String(literal.value) : undefined;
}

/** Whether a script parses only part of its command line, so that a mistyped flag goes unnoticed. */
export function ignoresUnknownFlags(source: Source): boolean {
  return [...calls(source)].some((call) => call.callee.endsWith('.parse_known_args'));
}
