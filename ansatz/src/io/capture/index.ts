export type { Metric, Source } from './metric.ts';
export { openCapture, type Capture, type CaptureOptions } from './capture.ts';
export { candidates, guessDirection, isTwin, matchMetric, normalKey, type Candidate } from './names.ts';
export { createParser, type Parser } from './parser.ts';
export { parseLine, type ParsedLine, type ParsedValue } from './lines.ts';
export { LINE_CAP, LineReader } from './stream.ts';
export { tailCsv, tailJsonLines, type Tailer } from './files.ts';
export { tailTensorBoard } from './tfevents.ts';
