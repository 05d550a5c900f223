/** The embedding model of a configuration, with the vectors that the project has already. */

import { join } from 'node:path';
import { keyVariable, openEmbedding } from '../../io/llm/index.ts';
import { openVectors } from '../../io/memory/index.ts';
import { embedCost } from '../../lab/model.ts';
import { type NearParts, openNearness } from '../../lab/researcher/index.ts';
import { STUDIES } from '../../lab/studies.ts';
import type { StudyConfig } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';

/** What finds records by meaning; undefined where the study names nothing that does. A missing key is a UserError. */
export function openNear({ folder, memory }: StudyConfig): (NearParts & { close(): void }) | undefined {
  const embed = memory?.embed;
  if (embed === undefined) return undefined;
  const variable = keyVariable(embed);
  if (variable !== undefined && !process.env[variable]) {
    throw new UserError('no-key', `the embedding model ${embed.model} needs a key, and ${variable} is not set`, {
      where: 'memory.embed in ansatz.yaml',
      fix: `export ${variable}=…   # or take embed out of ansatz.yaml: recall by words needs none`,
    });
  }
  const vectors = openVectors(join(folder, STUDIES, 'vectors.db'), `${embed.url ?? embed.provider} ${embed.model}`);
  return {
    find: openNearness(openEmbedding(embed), vectors, embed),
    cost: (tokens) => embedCost(embed, tokens),
    close: () => vectors.close(),
  };
}
