/** Search and replace in files, as models write them: what is meant is found, or nothing is done. */

import type { Syntax } from './syntax.ts';

/** One place of one file: `search` occurs once; empty makes a new file of `replace`. */
export interface Edit {
  readonly file: string;
  readonly search: string;
  readonly replace: string;
}

/** An edit that cannot be made; the text says why, with the lines that come closest. */
export class EditError extends Error {}

/**
 * All edits on the files that `read` gives, in order: later ones see what earlier ones made. A search text is looked
 * for exactly, then with other blanks at the ends of lines, then with another indentation (which the replacement gets
 * as well); found nowhere, or more than once, it is an {@link EditError}, and so is a result that does not parse when
 * what it was made from did, by a `syntax` that was opened for these files.
 */
export function applyEdits(
  edits: readonly Edit[],
  read: (file: string) => string | undefined,
  syntax: Syntax,
): ReadonlyMap<string, string> {
  const made = new Map<string, string>();
  for (const edit of edits) {
    const before = made.get(edit.file) ?? read(edit.file);
    if (edit.search === '') {
      if (before !== undefined && before !== '') {
        throw new EditError(`${edit.file} exists: say which of its lines to replace`);
      }
      made.set(edit.file, ended(edit.replace));
      continue;
    }
    if (before === undefined) throw new EditError(`there is no file ${edit.file}`);
    made.set(edit.file, replaced(edit, before));
  }
  for (const [file, text] of made) {
    const before = read(file);
    if (before !== undefined && syntax(file, before) !== undefined) continue;
    const line = syntax(file, text);
    if (line !== undefined) {
      throw new EditError(
        `${file} would not parse: syntax error in line ${line}: ${text.split('\n')[line - 1]?.trim() ?? ''}`,
      );
    }
  }
  return made;
}

function replaced({ file, search, replace }: Edit, text: string): string {
  const first = text.indexOf(search);
  if (first >= 0) {
    if (text.indexOf(search, first + 1) >= 0)
      throw new EditError(`the search text occurs more than once in ${file}: give more lines`);
    return text.slice(0, first) + replace + text.slice(first + search.length);
  }
  const lines = text.split('\n');
  const wanted = search.replace(/^\n+|\n+$/g, '').split('\n');
  for (const alike of [(line: string) => line.trimEnd(), (line: string) => line.trim()]) {
    const places: number[] = [];
    for (let i = 0; i + wanted.length <= lines.length; i++) {
      if (wanted.every((line, j) => alike(line) === alike(lines[i + j]!))) places.push(i);
    }
    if (places.length > 1) throw new EditError(`the search text occurs more than once in ${file}: give more lines`);
    const [at] = places;
    if (at === undefined) continue;
    const fresh = indented(
      replace.replace(/^\n+|\n+$/g, '').split('\n'),
      indentOf(wanted),
      indentOf(lines.slice(at, at + wanted.length)),
    );
    return [...lines.slice(0, at), ...(replace.trim() === '' ? [] : fresh), ...lines.slice(at + wanted.length)].join(
      '\n',
    );
  }
  throw new EditError(`the search text is not in ${file}; closest: ${closest(wanted, lines)}`);
}

function indentOf(lines: readonly string[]): string {
  return /^[ \t]*/.exec(lines.find((line) => line.trim() !== '') ?? '')![0];
}

/** Lines moved from one indentation to another. */
function indented(lines: readonly string[], from: string, to: string): string[] {
  if (from === to) return [...lines];
  return lines.map((line) =>
    line.trim() === '' ? line : line.startsWith(from) ? to + line.slice(from.length) : to + line.trimStart(),
  );
}

/** The line of the file that shares most words with the first lines that were looked for. */
function closest(wanted: readonly string[], lines: readonly string[]): string {
  const words = new Set(wanted.slice(0, 3).flatMap((line) => line.match(/\w+/g) ?? []));
  let [best, most] = ['', -1];
  lines.forEach((line, i) => {
    const shared = (line.match(/\w+/g) ?? []).filter((word) => words.has(word)).length;
    if (shared > most) [best, most] = [`line ${i + 1}: ${line.trim()}`, shared];
  });
  return best;
}

function ended(text: string): string {
  return text.endsWith('\n') || text === '' ? text : `${text}\n`;
}
