/** Who proposes in a study of the command line: the sampler with what is remembered, and the models and agents of the configuration. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keyVariable, openAgent, openModel } from '../../io/llm/index.ts';
import type { Repository } from '../../io/workspace/index.ts';
import { MOST_QUESTIONS, tokenCost } from '../../lab/model.ts';
import {
  agentResearcher,
  mixedResearcher,
  modelResearcher,
  type NearParts,
  numericResearcher,
  openGlance,
  type Researcher,
  retesting,
  severalResearchers,
} from '../../lab/researcher/index.ts';
import { pointFromCurves } from '../../lab/schedule.ts';
import { listStudies, readStudy, type StudyFolder, studyFolder } from '../../lab/studies.ts';
import { samplers } from '../../methods/sampling/index.ts';
import { modelsOf } from '../../study/arms.ts';
import type { ModelConfig, StudyConfig } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';
import { recordsOf, type TrialRecord } from '../../study/memory/index.ts';
import type { State } from '../../study/state.ts';
import { openNear } from './embedding.ts';

/** What people want a model to know, beside the script. */
export const GUIDANCE = 'guidance.md';

/** All of them as one, and a way to end what is on its way. */
export function openResearchers(
  config: StudyConfig,
  repository: Repository,
  folder: StudyFolder,
): { readonly researcher: Researcher; readonly close: () => void } {
  const elsewhere = otherStudies(config).flatMap((state) => recordsOf(state));
  const sampling = numericResearcher(
    samplers[config.sampler],
    config,
    // A curve that stands in for the result decides about stopping, never about what is tried.
    config.sampler === 'auto' && config.pruner === 'freeze-thaw' && config.curve === undefined
      ? pointFromCurves
      : undefined,
    openGlance(config, elsewhere),
  );
  const numeric = retesting(sampling, config, elsewhere);
  const near = openNear(config);
  const models = new Map(
    modelsOf(config).map((one) => [one.model, openModelResearcher(config, one, repository, folder, elsewhere, near)]),
  );
  return {
    researcher: models.size === 0 ? numeric : mixedResearcher(numeric, severalResearchers(models)),
    close() {
      models.forEach((one) => one.close());
      near?.close();
    },
  };
}

/** The other studies of the project, as they stand; one that cannot be read teaches nothing. */
export function otherStudies(config: StudyConfig): State[] {
  const names = listStudies(config.folder).filter((name) => name !== config.name);
  return names.flatMap((name) => {
    try {
      return [readStudy(studyFolder(config.folder, name)).state];
    } catch {
      return [];
    }
  });
}

/** The researcher that asks the model of the configuration; `guidance.md` beside the script is read for each question. */
function openModelResearcher(
  config: StudyConfig,
  model: ModelConfig,
  repository: Repository,
  folder: StudyFolder,
  elsewhere: readonly TrialRecord[],
  finds: NearParts | undefined,
): ReturnType<typeof modelResearcher> {
  const variable = keyVariable(model);
  if (variable !== undefined && !process.env[variable]) {
    throw new UserError('no-key', `the model ${model.model} needs a key, and ${variable} is not set`, {
      where: 'model in ansatz.yaml',
      fix: `export ${variable}=…   # or take model out of ansatz.yaml: the sampler needs none`,
    });
  }
  const near = finds === undefined ? {} : { near: finds };
  const cost = (tokens: { readonly input: number; readonly output: number }) => tokenCost(model, tokens);
  const guidance = (): string | undefined => {
    const file = join(config.folder, GUIDANCE);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  };
  if (model.command !== undefined) {
    const errands = openAgent({ command: model.command, env: model.env ?? {}, limitSeconds: model.limitSeconds });
    const tools = {
      command: process.execPath,
      args: [fileURLToPath(new URL('../../../bin/ansatz.cjs', import.meta.url)), 'mcp'],
    };
    return agentResearcher({
      config: model,
      errands,
      repository,
      folder: join(folder.path, 'agents'),
      tools,
      elsewhere,
      guidance,
      cost,
      ...near,
    });
  }
  return modelResearcher({
    config: model,
    ask: openModel(model),
    repository,
    questions: MOST_QUESTIONS,
    elsewhere,
    cost,
    guidance,
    ...near,
  });
}
