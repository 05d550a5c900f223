/** Configuration files that a script loads by name: their leaves, patched in the run's private copy. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
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
    const file =
      places.find((path) => !path.startsWith('..') && !path.startsWith('/') && isSmallFile(join(folder, path))) ??
      onlyOne(folder, posix.normalize(name));
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

/** Folders below the script's are looked into this far for a file whose path the script puts together. */
const DEPTH = 3;

/** The file below `folder` whose path ends in `name`, if there is exactly one; `join(root, "conf", name)` names no more. */
function onlyOne(folder: string, name: string): string | undefined {
  if (name.startsWith('..') || name.startsWith('/')) return undefined;
  const found: string[] = [];
  const look = (at: string, depth: number): void => {
    for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
      if (!entry.isDirectory() || /^(\.|__|node_modules$|venv$|data$|datasets$|outputs$|wandb$|runs$)/.test(entry.name))
        continue;
      const path = posix.join(at, entry.name);
      if (isSmallFile(join(folder, path, name))) found.push(posix.join(path, name));
      if (depth < DEPTH) look(path, depth + 1);
    }
  };
  look('.', 1);
  return found.length === 1 ? found[0] : undefined;
}

function isSmallFile(path: string): boolean {
  if (!existsSync(path)) return false;
  const stat = statSync(path);
  return stat.isFile() && stat.size <= largest;
}
