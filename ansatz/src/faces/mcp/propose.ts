import { z } from 'zod';
import type { EventBody } from '../../study/events/index.ts';

/** Inputs that several tools have. */
export const study = z.string().optional().describe('name of the study; the one worked on last when left out');
export const value = z.union([z.number(), z.string(), z.boolean()]);

/** Inputs of the tools that have something run. */
export const IDEA = {
  study,
  settings: z.record(z.string(), value).default({}),
  patch: z.string().optional(),
  why: z.string().min(1),
  bet: z.string().optional(),
};

/** What a proposal of an agent becomes: checks and the queue are those of the command line. */
export type Propose = (given: Idea) => { readonly event: EventBody; readonly said: string };

interface Idea {
  readonly settings: Readonly<Record<string, number | string | boolean>>;
  readonly patch?: string;
  readonly why: string;
  readonly bet?: string;
}

/** An idea as it was given, without what was left out. */
export function ideaOf({
  settings,
  why,
  patch,
  bet,
}: Pick<Idea, 'settings' | 'why'> & { readonly patch: string | undefined; readonly bet: string | undefined }): Idea {
  return { settings, why, ...(patch === undefined ? {} : { patch }), ...(bet === undefined ? {} : { bet }) };
}
