import type { EventBody } from '../../study/events/index.ts';

/** What a proposal of an agent becomes: checks and the queue are those of the command line. */
export type Propose = (given: {
  readonly settings: Readonly<Record<string, number | string | boolean>>;
  readonly patch?: string;
  readonly why: string;
  readonly bet?: string;
}) => { readonly event: EventBody; readonly said: string };
