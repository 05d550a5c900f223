/** Hydra: leaves of the composed YAML configuration are overrides `optim.lr=0.1`. */

import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fieldsOf } from './dataclass.ts';
import { calls, definitions, literal, read } from './python.ts';
import { leavesOf, type Leaf } from './leaves.ts';
import type { Finds, Raw } from './raw.ts';
import { lineAt, textOf, type Source } from './source.ts';

/** What `@hydra.main(config_path, config_name)` of a script composes, groups of the `defaults` list included. */
export function hydra(source: Source, folder: string): Finds {
  const knobs: Raw[] = [];
  const notes: string[] = [];
  for (const { decorators } of definitions(source, 'FunctionDefinition').values()) {
    const main = decorators.find((call) => /^(hydra\.)?main$/.test(call.callee) && call.named.has('config_name'));
    const name = main && textOf(literal(source, main.named.get('config_name')));
    if (main === undefined || name === undefined) continue;
    const path = textOf(literal(source, main.named.get('config_path')));
    const configs = path === undefined ? undefined : posix.normalize(posix.join(posix.dirname(source.file), path));
    const file = configs === undefined ? undefined : yamlFile(folder, posix.join(configs, name));
    if (file !== undefined && configs !== undefined) compose(folder, configs, file, [], new Set(), knobs, notes);
    else knobs.push(...stored(source, name));
  }
  return { knobs, notes };
}

function yamlFile(folder: string, stem: string): string | undefined {
  const names = /\.ya?ml$/.test(stem) ? [stem] : [`${stem}.yaml`, `${stem}.yml`];
  return names.find((name) => !name.startsWith('..') && existsSync(join(folder, name)));
}

function compose(
  folder: string,
  configs: string,
  file: string,
  prefix: readonly string[],
  seen: Set<string>,
  knobs: Raw[],
  notes: string[],
): void {
  if (seen.has(file)) return;
  seen.add(file);
  const text = readFileSync(join(folder, file), 'utf8');
  // Hydra lets a group say in which package it lands: `# @package _global_`.
  const packaged = /^#\s*@package\s+(\S+)/m.exec(text)?.[1];
  const at =
    packaged === '_global_' ? [] : packaged === undefined || packaged === '_group_' ? prefix : packaged.split('.');
  const leaves = leavesOf(text, file);
  for (const [group, option] of defaultsOf(text)) {
    const groupPath = group.split(/[@/]/).filter((part) => part !== '');
    const child = yamlFile(
      folder,
      posix.join(configs, posix.dirname(posix.relative(configs, file)), group.split('@')[0]!, option),
    );
    if (child !== undefined) compose(folder, configs, child, [...prefix, ...groupPath], seen, knobs, notes);
  }
  for (const leaf of leaves) {
    if (leaf.path[0] === 'defaults' || leaf.path[0] === 'hydra' || leaf.path.at(-1)!.startsWith('_')) continue;
    const key = [...at, ...leaf.path].join('.');
    if (leaf.literal.kind === 'text' && leaf.literal.value === '???') {
      notes.push(`${file} insists on ${key}: add ${key}=… to command.`);
      continue;
    }
    if (leaf.literal.kind === 'text' && leaf.literal.value.includes('${')) continue;
    // A setting of the primary file wins over that of a group, as the primary file comes last.
    const place = knobs.findIndex((knob) => knob.via.by === 'override' && knob.via.key === key);
    const raw = override(leaf, key, file);
    if (place === -1) knobs.push(raw);
    else knobs[place] = raw;
  }
}

function override(leaf: Leaf, key: string, file: string): Raw {
  return {
    name: key,
    via: { by: 'override', key },
    kind: leaf.literal.kind,
    initial: leaf.literal,
    file,
    line: leaf.line,
    ...(leaf.comment && { help: leaf.comment }),
  };
}

/** Groups and their chosen option in a `defaults:` list: `- model: gpt`, `- optimizer: adam`. */
function defaultsOf(text: string): [string, string][] {
  const block = /^defaults:[^\n]*\n((?:[ \t]*(?:-[^\n]*|#[^\n]*)?\n?)*)/m.exec(text)?.[1] ?? '';
  const entries: [string, string][] = [];
  for (const row of block.split('\n')) {
    const match = /^\s*-\s*(?:optional\s+)?([\w/@.-]+)\s*(?::\s*([\w/.-]+))?\s*(?:#.*)?$/.exec(row);
    const [, group, option] = match ?? [];
    if (group === undefined || group === '_self_' || group.startsWith('override') || option === 'null') continue;
    if (option !== undefined) entries.push([group, option.replace(/\.ya?ml$/, '')]);
    else entries.push([posix.dirname(group) === '.' ? '' : posix.dirname(group), posix.basename(group)]);
  }
  return entries;
}

/** A structured configuration: `ConfigStore.instance().store(name="config", node=Config)`. */
function stored(source: Source, name: string): Raw[] {
  for (const call of calls(source)) {
    const entry = call.named.get('node') ?? call.positional[1];
    if (!call.callee.endsWith('.store') || entry === undefined) continue;
    if (textOf(literal(source, call.named.get('name') ?? call.positional[0])) !== name) continue;
    return fieldsOf(source, read(source, entry)).map((field) => ({
      name: field.path.join('.'),
      via: { by: 'override', key: field.path.join('.') },
      kind: field.kind,
      initial: field.initial,
      file: source.file,
      line: lineAt(source.text, field.node.from),
      ...(field.help && { help: field.help }),
      ...(field.choices && { choices: field.choices }),
    }));
  }
  return [];
}
