/**
 * Settings of scripts in R, Julia, Perl, Ruby and Lua, as far as they are declared by the usual libraries or read from
 * the environment with a default: `make_option("--lr", default = 0.1)`, `get(ENV, "LR", "0.1")`. Read off the text by
 * its words: what is built at run time is not seen.
 */

import type { Value } from '../../../methods/space/space.ts';
import { knobName, readText, type Finds, type Raw } from './raw.ts';
import { lineAt, type Literal } from './source.ts';

/** What a script of one of these languages declares. */
export function scripts(written: string, file: string): Finds {
  const text = withoutComments(written, file.endsWith('.lua') ? '--' : '#');
  const found = [
    ...environment(text, file),
    ...rOptions(text, file),
    ...juliaOptions(text, file),
    ...perlOptions(text, file),
  ];
  return { knobs: found };
}

/** The text with its comments blanked, so that places stay what they are. A mark inside quotes begins none. */
function withoutComments(text: string, mark: string): string {
  const comment = mark === '#' ? /(?<![$\w])#.*/ : /--.*/;
  return text.replace(/^.*$/gm, (line) => {
    const from = withoutQuoted(line).search(comment);
    return from < 0 ? line : line.slice(0, from) + ' '.repeat(line.length - from);
  });
}

/** Quoted words blanked, so that nothing is looked for in them. */
function withoutQuoted(text: string): string {
  return text.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/g, (word) => 'x'.repeat(word.length));
}

const NUMBER = String.raw`[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?L?`;
// A number that goes on, as in 10 * 3, is no plain value.
const PLAIN = String.raw`"[^"\n]*"|'[^'\n]*'|${NUMBER}(?!\s*[-+*/^]|[\w.(])|TRUE|FALSE|true|false`;

/** How each language asks for a variable, and what it takes when there is none. */
const VARIABLES: readonly RegExp[] = [
  // Julia
  new RegExp(String.raw`\bget\(\s*ENV\s*,\s*"(?<name>\w+)"\s*,\s*(?:string\()?(?<value>${PLAIN})`, 'g'),
  // R
  new RegExp(String.raw`\bSys\.getenv\(\s*["'](?<name>\w+)["']\s*,\s*(?:unset\s*=\s*)?(?<value>${PLAIN})`, 'g'),
  // Ruby
  new RegExp(String.raw`\bENV\.fetch\(\s*["'](?<name>\w+)["']\s*,\s*(?<value>${PLAIN})`, 'g'),
  new RegExp(String.raw`\bENV\[\s*["'](?<name>\w+)["']\s*\]\s*\|\|\s*(?<value>${PLAIN})`, 'g'),
  // Perl
  new RegExp(String.raw`\$ENV\{\s*["']?(?<name>\w+)["']?\s*\}\s*(?:\/\/|\|\|)\s*(?<value>${PLAIN})`, 'g'),
  // Lua
  new RegExp(String.raw`\bos\.getenv\(\s*["'](?<name>\w+)["']\s*\)\s*or\s+(?<value>${PLAIN})`, 'g'),
];
/** What stands before or after such a question where the answer is made a number. */
const MADE_FLOAT = /(?:parse\(\s*Float\d*\s*,|as\.(?:numeric|double)\()\s*$/;
const MADE_INT = /(?:parse\(\s*Int\d*\s*,|as\.integer\()\s*$/;

function environment(text: string, file: string): Raw[] {
  const knobs: Raw[] = [];
  for (const pattern of VARIABLES) {
    for (const match of text.matchAll(pattern)) {
      const { name, value } = match.groups as { name: string; value: string };
      const before = text.slice(Math.max(0, match.index - 40), match.index);
      const after = text.slice(match.index + match[0].length, match.index + match[0].length + 40);
      const initial = literalOf(value);
      const kind =
        MADE_INT.test(before) || /^\s*\)*\.to_i\b/.test(after)
          ? 'int'
          : initial.kind !== 'int' && (MADE_FLOAT.test(before) || /^\s*\)*\.to_f\b/.test(after))
            ? 'float'
            : /parse\(\s*Float/.test(before)
              ? 'float'
              : initial.kind;
      knobs.push({
        ...base(name, text, match.index, file),
        kind,
        initial,
        via: { by: 'env', variable: name },
        ...truthOf(value),
      });
    }
  }
  return knobs.toSorted((a, b) => a.line - b.line);
}

/** Truth is spelled as the default is: what the script compares with is unknown. */
function truthOf(value: string): Partial<Pick<Raw, 'kind' | 'initial' | 'choices'>> {
  const word = unquoted(value);
  if (!/^(true|false)$/i.test(word)) return {};
  const upper = word === word.toUpperCase();
  const choices: Value[] = upper ? ['FALSE', 'TRUE'] : ['false', 'true'];
  return { kind: 'bool', initial: { kind: 'text', value: word }, choices };
}

/** optparse's `make_option(c("-l", "--lr"), type = "double", default = 0.1)`, and `add_argument` of argparse and argparser. */
function rOptions(text: string, file: string): Raw[] {
  const knobs: Raw[] = [];
  for (const match of text.matchAll(/\b(?:make_option|add_option|add_argument)\(/g)) {
    const from = match.index + match[0].length;
    const inside = argumentsAt(text, from);
    const flag = /["'](--[\w-]+)["']/.exec(inside)?.[1];
    if (flag === undefined) continue;
    const word = (name: string): string | undefined => named(inside, name);
    knobs.push(
      option(base(knobName(flag), text, match.index, file), flag, {
        type: unquoted(word('type') ?? ''),
        action: unquoted(word('action') ?? ''),
        value: word('default'),
        help: word('help'),
        style: match[0].startsWith('add_argument') ? 'space' : 'equals',
      }),
    );
  }
  return knobs;
}

/** ArgParse.jl: options in a block, each a flag followed by what is known of it, `arg_type = Float64`, `default = 0.1`. */
function juliaOptions(text: string, file: string): Raw[] {
  const knobs: Raw[] = [];
  for (const block of text.matchAll(/@add_arg_table!?\s*\(?\s*\w+\s*,?\s*begin\b([\s\S]*?)^\s*end\b/gm)) {
    const start = block.index + block[0].indexOf(block[1]!);
    const flags = [...block[1]!.matchAll(/^\s*(?:"-\w"\s*,\s*)?"(--[\w-]+)"(?:\s*,\s*"-\w")?/gm)];
    flags.forEach((match, i) => {
      const inside = block[1]!.slice(match.index, flags[i + 1]?.index);
      const word = (name: string): string | undefined => named(inside, name);
      const at = start + match.index + match[0].search(/\S/);
      knobs.push(
        option(base(knobName(match[1]!), text, at, file), match[1]!, {
          type: named(inside, 'arg_type', String.raw`\w+`) ?? '',
          action: named(inside, 'action', String.raw`:\w+`)?.slice(1) ?? '',
          value: word('default'),
          help: word('help'),
        }),
      );
    });
  }
  return knobs;
}

/** Getopt::Long: `"lr=f" => \$lr`, with `my $lr = 0.1` before it. */
function perlOptions(text: string, file: string): Raw[] {
  const knobs: Raw[] = [];
  for (const match of text.matchAll(/["']([\w-]+)(?:\|[\w|-]+)?([=:][fis]|!)?["']\s*=>\s*\\(?:my\s*)?\$(\w+)/g)) {
    const [, flag, type, variable] = match as unknown as [string, string, string | undefined, string];
    const value = new RegExp(String.raw`\$${variable}\s*=\s*(${PLAIN})`).exec(text)?.[1];
    const switches = type === undefined || type === '!';
    knobs.push(
      option(base(knobName(flag), text, match.index, file), `--${flag}`, {
        type: { f: 'double', i: 'integer', s: 'character' }[type?.[1] ?? ''] ?? '',
        action: switches ? 'store_true' : '',
        value: switches ? undefined : value,
        help: undefined,
      }),
    );
  }
  return knobs;
}

/** What is given to a name among the arguments of a call, as it is written. */
function named(inside: string, name: string, value = PLAIN): string | undefined {
  const at = new RegExp(String.raw`\b${name}\s*=\s*`).exec(withoutQuoted(inside));
  if (at === null) return undefined;
  return new RegExp(String.raw`^(?:${value})`).exec(inside.slice(at.index + at[0].length))?.[0];
}

interface Declared {
  readonly type: string;
  readonly action: string;
  readonly value: string | undefined;
  readonly help: string | undefined;
  readonly style?: 'space' | 'equals';
}

function option(
  place: Pick<Raw, 'name' | 'file' | 'line'>,
  flag: string,
  { type, action, value, help, style = 'equals' }: Declared,
): Raw {
  const said = { ...place, ...(help === undefined ? {} : { help: unquoted(help) }) };
  const initial = value === undefined ? undefined : literalOf(value);
  if (/^store_(true|false)$/.test(action)) {
    const on = initial?.kind === 'bool' && initial.value === (action === 'store_true');
    return {
      ...said,
      kind: 'bool',
      initial: { kind: 'bool', value: false },
      via: { by: 'flag', flag, style: 'switch' },
      ...(on ? { why: 'is on already and has no form that turns it off' } : {}),
    };
  }
  const kind = /^(double|numeric|Float)/.test(type)
    ? 'float'
    : /^(integer|Int)/.test(type)
      ? 'int'
      : /^(character|String)/.test(type)
        ? 'text'
        : /^(logical|Bool)/.test(type)
          ? 'bool'
          : initial?.kind;
  return { ...said, kind, initial, via: { by: 'flag', flag, style } };
}

function base(name: string, text: string, at: number, file: string): Pick<Raw, 'name' | 'file' | 'line'> {
  return { name, file, line: lineAt(text, at) };
}

/** What stands between a parenthesis that was opened before `from` and the one that closes it. */
function argumentsAt(text: string, from: number): string {
  let depth = 1;
  for (const match of text.slice(from).matchAll(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[()]/g)) {
    if (match[0] === '(') depth++;
    else if (match[0] === ')' && --depth === 0) return text.slice(from, from + match.index);
  }
  return text.slice(from);
}

/** The value a plain word of these languages stands for; what is quoted is read like an environment variable. */
function literalOf(word: string): Literal {
  if (/^["']/.test(word)) return readText(unquoted(word));
  if (/^(TRUE|true)$/.test(word)) return { kind: 'bool', value: true };
  if (/^(FALSE|false)$/.test(word)) return { kind: 'bool', value: false };
  return readText(word.replace(/L$/, ''));
}

function unquoted(word: string): string {
  return word.replace(/^(["'])(.*)\1$/s, '$2');
}
