/** Configuration files that a script loads by name: their leaves, patched in the run's private copy. */

import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { leavesOf } from './leaves.ts';
import type { Finds, Raw } from './raw.ts';
import { descendants, type Source } from './source.ts';

/** A file bigger than this is data, not settings. */
const largest = 64 * 1024;
const notSettings =
  /^(package(-lock)?|tsconfig|jsconfig|pyproject|vocab|merges|tokenizer\w*|special_tokens_map|generation_config|manifest|metadata)\.\w+$/i;

/** Leaves of every YAML, JSON or TOML file that a string of the script (or a word of its command) names and that exists. */
export function configFiles(source: Source, folder: string, words: readonly string[] = []): Finds {
  if (!/yaml|json|toml|OmegaConf|Config|readFileSync/i.test(source.text)) return { knobs: [] };
  const dotted = /OmegaConf\.from_(cli|dotlist)/.test(source.text);
  const knobs: Raw[] = [];
  const seen = new Set<string>();
  const named: string[] = [...words];
  for (const node of descendants(source.top)) {
    if (node.name !== 'String' && node.name !== 'TemplateString') continue;
    const call = node.parent?.parent;
    const around = call === undefined || call === null ? '' : source.text.slice(call.from, call.to);
    if (/['"][wax]b?\+?['"]/.test(around.slice(0, 200)) || /writeFile/.test(around.slice(0, 60))) continue;
    named.push(source.text.slice(node.from + 1, node.to - 1));
  }
  for (const name of named) {
    if (!/^[\w./ -]+\.(ya?ml|json|toml)$/.test(name) || notSettings.test(posix.basename(name))) continue;
    const places = [name, posix.join(posix.dirname(source.file), name)].map((path) => posix.normalize(path));
    const file = places.find(
      (path) => !path.startsWith('..') && !path.startsWith('/') && isSmallFile(join(folder, path)),
    );
    if (file === undefined || seen.has(file)) continue;
    seen.add(file);
    for (const leaf of leavesOf(readFileSync(join(folder, file), 'utf8'), file)) {
      knobs.push({
        name: leaf.path.join('.'),
        via: dotted ? { by: 'override', key: leaf.path.join('.') } : { by: 'file', file, path: leaf.path },
        kind: leaf.literal.kind,
        initial: leaf.literal,
        file,
        line: leaf.line,
        ...(leaf.comment && { help: leaf.comment }),
      });
    }
  }
  return { knobs };
}

function isSmallFile(path: string): boolean {
  if (!existsSync(path)) return false;
  const stat = statSync(path);
  return stat.isFile() && stat.size <= largest;
}
