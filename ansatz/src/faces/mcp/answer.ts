/** What a tool answers. */

import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { UserError } from '../../study/error.ts';

/** The result as structured content and as text; a mistake as an answer that says what to do, not as a broken call. */
export function answer(work: () => Record<string, unknown> | object): CallToolResult {
  try {
    return said(work());
  } catch (error) {
    return mistake(error);
  }
}

/** The same of work that takes its time. */
export async function answerLater(work: () => Promise<object>): Promise<CallToolResult> {
  try {
    return said(await work());
  } catch (error) {
    return mistake(error);
  }
}

function said(result: object): CallToolResult {
  const structured = JSON.parse(JSON.stringify(result)) as Record<string, unknown>;
  return { content: [{ type: 'text', text: JSON.stringify(structured) }], structuredContent: structured };
}

function mistake(error: unknown): CallToolResult {
  const fix = error instanceof UserError && error.fix !== undefined ? ` — ${error.fix}` : '';
  return {
    isError: true,
    content: [{ type: 'text', text: `${error instanceof Error ? error.message : String(error)}${fix}` }],
  };
}
