/** A language model behind one function: a question in, an object of a known shape and the tokens it took out. */

import type { LanguageModel } from 'ai';
import { z } from 'zod';
import type { ModelConfig } from '../../study/config.ts';

/** What is asked. The first two parts do not change from one question to the next: providers may cache them. */
export interface Question {
  readonly rules: string;
  readonly context: string;
  readonly task: string;
}

export interface Tokens {
  readonly input: number;
  readonly output: number;
}

/** `failed` names what went wrong in words a person can act on; tokens are counted either way. */
export type Answer =
  | { readonly ok: true; readonly proposal: Proposal; readonly tokens: Tokens }
  | { readonly ok: false; readonly failed: string; readonly malformed: boolean; readonly tokens: Tokens };

/** What a model proposes. Numbers in it are expectations: results come from captured streams alone. */
export const proposalSchema = z.object({
  hypothesis: z.string().describe('what you expect to help, in one sentence'),
  mechanism: z.string().describe('why it should, in one or two sentences'),
  expectedEffect: z.number().nullable().describe('expected change of the metric, negative is lower; null if unknown'),
  knobs: z
    .array(z.object({ name: z.string(), value: z.union([z.number(), z.string(), z.boolean()]) }))
    .describe('settings to change from those of the trial you depart from; may be empty'),
  edits: z
    .array(z.object({ file: z.string(), search: z.string(), replace: z.string() }))
    .describe('changes of code: each search text occurs exactly once in the file; empty search text makes a new file'),
  refutedIf: z.string().describe('the result that would show the hypothesis to be wrong'),
  cites: z.array(z.number()).describe('numbers of the trials this builds on'),
});

export type Proposal = z.output<typeof proposalSchema>;

/** Asks a model. Never throws. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Answer>;

/** Environment variables that hold the key of each provider when the configuration names none. */
export const KEYS: Readonly<Record<Exclude<ModelConfig['provider'], 'acp'>, string>> = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  google: 'GOOGLE_GENERATIVE_AI_API_KEY',
};

/** Retries of a call that failed for reasons of the network or of load; each waits as long as the server says. */
const RETRIES = 2;

/** The model of a configuration. Its packages are loaded with the first question: a study without a model needs none. */
export function openModel(config: ModelConfig, environment: NodeJS.ProcessEnv = process.env): Ask {
  let loaded: Promise<LanguageModel> | undefined;
  return async ({ rules, context, task }, signal) => {
    const none = { input: 0, output: 0 };
    const { generateText, Output, NoObjectGeneratedError, APICallError, RetryError } = await import('ai');
    const tokensOf = (
      usage: { inputTokens?: number | undefined; outputTokens?: number | undefined } | undefined,
    ): Tokens => ({
      input: usage?.inputTokens ?? 0,
      output: usage?.outputTokens ?? 0,
    });
    try {
      loaded ??= load(config, environment);
      const { output, usage } = await generateText({
        model: await loaded,
        system: rules,
        messages: [{ role: 'user', content: `${context}\n\n${task}` }],
        output: Output.object({ schema: proposalSchema }),
        maxOutputTokens: config.maxOutput,
        maxRetries: RETRIES,
        abortSignal: AbortSignal.any([signal, AbortSignal.timeout(config.limitSeconds * 1000)]),
      });
      return { ok: true, proposal: output, tokens: tokensOf(usage) };
    } catch (error) {
      if (NoObjectGeneratedError.isInstance(error)) {
        const failed = `the answer is not of the asked form: ${(error.text ?? '').slice(0, 200)}`;
        return { ok: false, failed, malformed: true, tokens: tokensOf(error.usage) };
      }
      const last = RetryError.isInstance(error) ? error.lastError : error;
      if (APICallError.isInstance(last))
        return { ok: false, failed: apiText(last, config), malformed: false, tokens: none };
      const text = last instanceof Error ? last.message : String(last);
      const failed = /abort|timeout/i.test(text) ? `no answer within ${config.limitSeconds} s` : text;
      return { ok: false, failed, malformed: false, tokens: none };
    }
  };
}

async function load(config: ModelConfig, environment: NodeJS.ProcessEnv): Promise<LanguageModel> {
  const { provider, model, url } = config;
  const variable = keyVariable(config);
  const apiKey = variable === undefined ? undefined : environment[variable];
  if (provider === 'anthropic') {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    return createAnthropic({ ...(url && { baseURL: url }), ...(apiKey && { apiKey }) })(model);
  }
  if (provider === 'google') {
    const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
    return createGoogleGenerativeAI({ ...(url && { baseURL: url }), ...(apiKey && { apiKey }) })(model);
  }
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const baseURL = url ?? 'https://api.openai.com/v1';
  return createOpenAICompatible({ name: 'model', baseURL, ...(apiKey && { apiKey }), supportsStructuredOutputs: true })(
    model,
  );
}

/** The variable the key is read from; undefined for a server of one's own that was given none. */
export function keyVariable({ key, provider, url }: Pick<ModelConfig, 'key' | 'provider' | 'url'>): string | undefined {
  if (key !== undefined || provider === 'acp') return key;
  return provider === 'openai' && url !== undefined ? undefined : KEYS[provider];
}

/** What a provider's refusal means, in words a person can act on; `block` of ansatz.yaml is where it is configured. */
export function apiText(
  error: { readonly statusCode?: number | undefined; readonly message: string },
  config: Pick<ModelConfig, 'key' | 'provider' | 'url' | 'model'>,
  block = 'model',
): string {
  const where = config.url ?? config.provider;
  if (error.statusCode === 401 || error.statusCode === 403) {
    const variable = keyVariable(config);
    return variable === undefined
      ? `${where} wants a key: write  key: NAME_OF_THE_VARIABLE  under ${block} in ansatz.yaml`
      : `${where} refuses the key in ${variable}`;
  }
  if (error.statusCode === 404) return `${where} knows no model "${config.model}"`;
  if (error.statusCode === 429) return `${where} is at its limit of requests`;
  return error.statusCode === undefined
    ? `${where} cannot be reached: ${error.message}`
    : `${where} answers ${error.statusCode}: ${error.message}`;
}
