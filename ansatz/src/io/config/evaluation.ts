/** What `ansatz.yaml` says about who judges: the evaluator, the held-out check, what they are given, what no code may touch. */

import type { StudyConfig } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';
import { parseDuration } from './duration.ts';
import type { ConfigFile } from './schema.ts';
import { missing, type Source } from './source.ts';
import { checkInside } from './via.ts';
import { refuseLeadingVariable, splitWords } from './words.ts';

type Evaluation = Pick<StudyConfig, 'evaluate' | 'heldout' | 'artifacts' | 'code'>;

/** The evaluator and the rules for code; what the file does not say is absent. */
export function readEvaluation(given: ConfigFile, source: Source): Evaluation {
  const { artifacts, code } = given;
  const [evaluate, heldout] = (['evaluate', 'heldout'] as const).map((key) => commandOf(given[key], key, source));
  const asked = evaluate !== undefined ? 'evaluate' : 'heldout';
  if (evaluate !== undefined || heldout !== undefined) {
    if (artifacts === undefined) {
      throw new UserError('no-artifacts', `${asked} does not know what to look at`, {
        where: source.at([asked]),
        why: 'it runs in a clean copy of the project, which holds nothing a run has made',
        fix: "add the line  artifacts: ['out/**']  (what the script writes and the evaluator reads)",
      });
    }
    if (given.run?.workspace === 'inplace') {
      throw new UserError('inplace-artifacts', `${asked} needs runs that have a folder of their own`, {
        where: source.at(['run', 'workspace']),
        why: 'in place, what one run left behind cannot be told from what another did',
        fix: 'take out  workspace: inplace',
      });
    }
  }
  for (const [i, glob] of (artifacts ?? []).entries()) {
    const where = source.at(['artifacts', i]);
    checkInside(glob, where);
    if (!/^\*+(\/|$)/.test(glob)) continue;
    throw new UserError('bad-artifacts', `artifacts "${glob}" is everything`, {
      where,
      why: 'code that a trial wrote would lie beside the evaluator and could take its place',
      fix: "write for example  artifacts: ['out/**']  or  ['*.pt']",
    });
  }
  const smoke = code?.smoke;
  const { smoke: _, ...territory } = code ?? {};
  return {
    ...(evaluate === undefined ? {} : { evaluate }),
    ...(heldout === undefined ? {} : { heldout }),
    ...(artifacts === undefined ? {} : { artifacts }),
    ...(code === undefined
      ? {}
      : {
          code: {
            ...territory,
            ...(smoke === undefined ? {} : { smokeSeconds: parseDuration(smoke, source.at(['code', 'smoke'])) }),
          },
        }),
  };
}

function commandOf(
  given: ConfigFile['evaluate'],
  key: 'evaluate' | 'heldout',
  source: Source,
): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const where = source.at([key]);
  const words = typeof given === 'string' ? splitWords(given, where) : given;
  if (words.length === 0 || words[0] === '') throw missing(key, where);
  refuseLeadingVariable(words, where);
  return words;
}
