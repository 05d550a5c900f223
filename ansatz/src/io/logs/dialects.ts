/** Every dialect, in the order in which they are tried. */

import { delimited } from './delimited.ts';
import { json } from './json.ts';
import { jsonLines } from './jsonlines.ts';
import { markdown } from './markdown.ts';
import type { Dialect } from './table.ts';

export const DIALECTS: Readonly<Record<string, Dialect>> = { json, jsonLines, markdown, delimited };
