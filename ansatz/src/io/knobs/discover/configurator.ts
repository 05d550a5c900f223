/** nanoGPT's configurator: module-level settings that `exec(open("configurator.py").read())` lets `--name=value` replace. */

import { bindings } from '../constants.ts';
import { calls, literal } from './python.ts';
import type { Finds } from './raw.ts';
import { commentAfter, lineAt, textOf, type Source } from './source.ts';

/** Settings above the `exec` of a configurator. */
export function configurator(source: Source): Finds {
  const exec = [...calls(source)].find(
    (call) => call.callee === 'exec' && /configurator/.test(source.text.slice(call.node.from, call.node.to)),
  );
  const opened = exec === undefined ? undefined : [...calls(source, exec.node)].find((call) => call.callee === 'open');
  if (exec === undefined || textOf(literal(source, opened?.positional[0])) === undefined) return { knobs: [] };
  const knobs = bindings(source).constants.filter(
    (constant) =>
      constant.scope === 'module' &&
      constant.from < exec.node.from &&
      !constant.name.startsWith('_') &&
      constant.literal !== undefined,
  );
  return {
    knobs: knobs.map((constant) => {
      const help = commentAfter(source, constant.to);
      return {
        name: constant.name,
        via: { by: 'flag', flag: `--${constant.name}`, style: 'equals' },
        kind: constant.literal?.kind,
        initial: constant.literal,
        file: source.file,
        line: lineAt(source.text, constant.from),
        ...(help && { help }),
      };
    }),
  };
}
