/** A command line cut into words as a POSIX shell would, without running one. */

import { UserError } from '../../study/error.ts';

/**
 * Words of a command line: blanks separate, single and double quotes and backslashes protect.
 * Pipes, redirections, `$variables`, `&&` and a leading `NAME=value` need a shell and are a UserError `needs-shell`.
 */
export function splitWords(line: string, where?: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const c = line[i]!;
    if (quote === "'") {
      if (c === "'") quote = '';
      else word += c;
      continue;
    }
    if (c === '$' || c === '`') throw needsShell(line, `${c} is replaced by a shell`, where);
    if (c === '\\' && i + 1 < line.length) {
      const next = line[++i]!;
      // Inside double quotes a backslash protects only what is special there.
      word = (word ?? '') + (quote === '"' && !'"\\$`'.includes(next) ? c + next : next);
      continue;
    }
    if (quote === '"') {
      if (c === '"') quote = '';
      else word += c;
      continue;
    }
    if (c === "'" || c === '"') {
      quote = c;
      word ??= '';
      continue;
    }
    if ('|&;<>'.includes(c)) throw needsShell(line, `"${c}" is understood only by a shell`, where);
    if (/\s/.test(c)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    word = (word ?? '') + c;
  }
  if (quote !== '') {
    throw new UserError('open-quote', `the quote ${quote} is never closed in: ${line}`, {
      where,
      fix: 'close the quote, or write the command as a list: [python, train.py]',
    });
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** Refuses a command whose first word sets a variable, which only a shell does. */
export function refuseLeadingVariable(words: readonly string[], where?: string): void {
  const variable = /^([A-Za-z_]\w*)=(.*)$/s.exec(words[0] ?? '');
  if (variable === null) return;
  throw new UserError('needs-shell', `"${words[0]}" before the program sets a variable`, {
    where,
    why: 'the command is started without a shell',
    fix: `move it to  run: { env: { ${variable[1]}: ${JSON.stringify(variable[2])} } }`,
  });
}

function needsShell(line: string, why: string, where: string | undefined): UserError {
  return new UserError('needs-shell', `the command is started without a shell: ${line}`, {
    where,
    why,
    fix: 'quote it with single quotes if it is meant literally, or write a list: [sh, -c, "..."]',
  });
}

/** One line that `splitWords` cuts into the same words. */
export function joinWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
