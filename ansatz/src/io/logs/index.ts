export { readLog, parseLog, type LogOptions } from './log.ts';
export { decodeLog, MOST_BYTES } from './text.ts';
export { knobsInText } from './textknobs.ts';
export { DIALECTS } from './dialects.ts';
export type { Log, LogRow, LogStatus } from '../../study/logbook-log.ts';
