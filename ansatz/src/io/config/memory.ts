/** What `ansatz.yaml` says about memory: which runs are taken over from earlier studies, and what finds records by meaning. */

import type { EmbedConfig, StudyConfig } from '../../study/config.ts';
import { UserError } from '../../study/error.ts';
import { parseDuration } from './duration.ts';
import type { ConfigFile } from './schema.ts';
import type { Source } from './source.ts';

/** Memory as the study has it; what the file does not say is absent. */
export function readMemory({ memory }: ConfigFile, source: Source): Pick<StudyConfig, 'memory'> {
  if (memory === undefined) return {};
  const { reuse, embed } = memory;
  return {
    memory: {
      ...(reuse === undefined ? {} : { reuse }),
      ...(embed === undefined ? {} : { embed: readEmbed(embed, source) }),
    },
  };
}

type Given = NonNullable<NonNullable<ConfigFile['memory']>['embed']>;

function readEmbed(given: Given, source: Source): EmbedConfig {
  const { provider = 'openai', model, url, key, price = 0, limit } = given;
  if (url !== undefined && !/^https?:\/\//.test(url)) {
    throw new UserError('bad-url', `"${url}" is no address`, {
      where: source.at(['memory', 'embed', 'url']),
      fix: 'write for example  url: http://localhost:11434/v1',
    });
  }
  return {
    provider,
    model,
    ...(url === undefined ? {} : { url }),
    ...(key === undefined ? {} : { key }),
    price,
    limitSeconds: limit === undefined ? 30 : parseDuration(limit, source.at(['memory', 'embed', 'limit'])),
    maxTokens: given['max-tokens'] ?? 20_000,
  };
}
