/** An embedding model behind one function: texts in, a vector for each and the tokens it took out. */

import type { EmbeddingModel } from 'ai';
import type { EmbedConfig } from '../../study/config.ts';
import { apiText, keyVariable } from './model.ts';

export type Embedded =
  | { readonly ok: true; readonly vectors: readonly Float32Array[]; readonly tokens: number }
  | { readonly ok: false; readonly failed: string };

/** Vectors of texts, in their order. Never throws. */
export type Embed = (texts: readonly string[], signal: AbortSignal) => Promise<Embedded>;

const RETRIES = 2;

/** The model of a configuration. Its packages are loaded with the first text. */
export function openEmbedding(config: EmbedConfig, environment: NodeJS.ProcessEnv = process.env): Embed {
  let loaded: Promise<EmbeddingModel> | undefined;
  return async (texts, signal) => {
    const { embedMany, APICallError, RetryError } = await import('ai');
    try {
      loaded ??= load(config, environment);
      const { embeddings, usage } = await embedMany({
        model: await loaded,
        values: [...texts],
        maxRetries: RETRIES,
        abortSignal: AbortSignal.any([signal, AbortSignal.timeout(config.limitSeconds * 1000)]),
      });
      const vectors = embeddings.map((vector) => Float32Array.from(vector));
      const size = vectors[0]?.length ?? 0;
      if (vectors.length !== texts.length || vectors.some((one) => one.length !== size || one.some(Number.isNaN)))
        return { ok: false, failed: 'the answer is not a vector of one length for each text' };
      return { ok: true, vectors, tokens: Number.isFinite(usage.tokens) ? usage.tokens : 0 };
    } catch (error) {
      const last = RetryError.isInstance(error) ? error.lastError : error;
      if (APICallError.isInstance(last)) return { ok: false, failed: apiText(last, config, 'memory.embed') };
      const text = last instanceof Error ? last.message : String(last);
      return { ok: false, failed: /abort|timeout/i.test(text) ? `no answer within ${config.limitSeconds} s` : text };
    }
  };
}

async function load(config: EmbedConfig, environment: NodeJS.ProcessEnv): Promise<EmbeddingModel> {
  const { provider, model, url } = config;
  const variable = keyVariable(config);
  const apiKey = variable === undefined ? undefined : environment[variable];
  if (provider === 'google') {
    const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
    return createGoogleGenerativeAI({ ...(url && { baseURL: url }), ...(apiKey && { apiKey }) }).embeddingModel(model);
  }
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const baseURL = url ?? 'https://api.openai.com/v1';
  return createOpenAICompatible({ name: 'embedding', baseURL, ...(apiKey && { apiKey }) }).embeddingModel(model);
}
