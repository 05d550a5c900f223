/** A report is forwarded: what looks like a secret or names the machine is left out of it. */

const SECRET_NAME = /(?:api[-_]?key|access[-_]?key|private[-_]?key|secret|token|passw(?:or)?d|credential)s?$/i;
const HIDDEN = '(hidden)';

/** Whether a variable or flag of this name carries a secret. `max_tokens` and the like do not. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !/(?:max|num|n|per|vocab|eos|bos|pad)[-_]?(?:new[-_]?)?tokens?$/i.test(name);
}

/** Text without the study's folder, home folders, keys of well-known shapes, and credentials inside addresses. */
export function redact(text: string, folder: string): string {
  return (folder.length > 1 ? text.replaceAll(folder, '.') : text)
    .replaceAll(/(?:\/home|\/Users)\/[^/\s:'"]+/g, '~')
    .replaceAll(/:\/\/[^/\s@]+@/g, `://${HIDDEN}@`)
    .replaceAll(
      /\b(?:sk-[\w-]{16,}|hf_\w{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|AKIA[A-Z0-9]{16}|xox[a-z]-[\w-]{10,}|glpat-[\w-]{16,})/g,
      HIDDEN,
    )
    .replaceAll(/\b([\w-]+)(\s*[=:]\s*)(["']?)([^\s"']{6,})\3/g, (all, name: string, sign: string) =>
      isSecretName(name) ? `${name}${sign}${HIDDEN}` : all,
    );
}

/** Words of a command without the values of secret flags. */
export function redactWords(words: readonly string[], folder: string): string[] {
  return words.map((word, i) => {
    const before = words[i - 1] ?? '';
    return before.startsWith('-') && !before.includes('=') && isSecretName(before) ? HIDDEN : redact(word, folder);
  });
}

/** Variables without the values of secret ones. */
export function redactEnv(env: Readonly<Record<string, string>>, folder: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, isSecretName(name) ? HIDDEN : redact(value, folder)]),
  );
}
