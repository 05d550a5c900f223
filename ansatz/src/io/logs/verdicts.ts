/** The words by which logs say what became of an experiment. */

import type { LogStatus } from '../../study/logbook-log.ts';
import { plain } from './cells.ts';

/** A verdict, or `ran`: it came to its end, and nobody says whether it was kept. */
export type Word = LogStatus | 'ran' | 'open';

const WORDS: Readonly<Record<Word, string>> = {
  keep: `keep keeps kept keeper accept accepts accepted adopt adopted best improve improved improvement merge merged promote promoted
    win wins winner won confirmed baseline reference retained retain champion approved better sota`,
  discard: `discard discards discarded reject rejects rejected revert reverts reverted drop dropped worse regress regressed regression
    lose loses lost kill skip neutral inconclusive null refuted rolled rollback rollbacked abandon abandoned undone undo
    unchanged tie marginal noise flat duplicate declined parked prune pruned stopped failed_to_improve no`,
  crash: `crash crashed crashes fail fails failed failure error errored errors exception oom nan inf timeout timedout killed diverge diverged
    broken blocked invalid checks_failed checksfail abort aborted canceled cancelled segfault preempted unstable`,
  running: `running pending queued todo waiting planned deferred scheduled started active wip new`,
  ran: `ok success successful succeeded complete completed finish finished done pass passed end ended valid ran evaluated final`,
  open: `tentative candidate contender support repair verify verified partial sentinel review unknown mixed maybe info diagnostic`,
};

const MEANING = new Map(
  Object.entries(WORDS).flatMap(([word, list]) => list.split(/\s+/).map((name) => [name, word as Word] as const)),
);

const PHRASES: readonly (readonly [RegExp, Word])[] = [
  [/^(?:👍|✅|✔|☑|🏆|🎉|⭐|🟢)/u, 'keep'],
  [/^(?:👎|❌|✖|✗|🔴|🚫|↩)/u, 'discard'],
  [/^(?:💥|🔥|☠|💀|⚠)/u, 'crash'],
  [/^(?:⏳|🏃|🔄)/u, 'running'],
  [/\bnew[\s_-]*best\b/i, 'keep'],
  [/^(?:保留|采纳|接受|基线)/, 'keep'],
  [/^(?:回滚|丢弃|放弃|拒绝)/, 'discard'],
  [/^(?:崩溃|失败|错误)/, 'crash'],
  [/^(?:not?|don'?t)[\s_-]*(?:kept|keep|improv|better|accepted|change|gain|effect)/i, 'discard'],
  [/^(?:kept|keep)[\s_-]*candidate/i, 'open'],
  [/^(?:checks?|guard|tests?)[\s_-]*fail/i, 'crash'],
  [/^(?:timed?[\s_-]*out|out[\s_-]*of[\s_-]*memory|did not run)/i, 'crash'],
  [/^in[\s_-]*progress/i, 'running'],
  [/^roll(?:ed)?[\s_-]*back/i, 'discard'],
];

/** What a cell of a status column says; undefined when it is no word for a verdict. */
export function wordOf(cell: string): Word | undefined {
  const raw = cell.trim();
  if (raw === '' || raw.length > 400) return undefined;
  for (const [pattern, word] of PHRASES) if (pattern.test(raw.replace(/^[*_`\s]+/, ''))) return word;
  const words = plain(raw)
    .toLowerCase()
    .replace(/^[^\p{L}]+/u, '')
    .split(/[^\p{L}]+/u)
    .filter((part) => part !== '');
  const whole = MEANING.get(words.join('_'));
  if (whole !== undefined) return whole;
  const first = MEANING.get(words[0] ?? '');
  if (first !== undefined) return first;
  // `compile_clean_accept` says it last; a sentence that happens to hold such a word is none.
  if (words.length > 4) return undefined;
  return words.map((part) => MEANING.get(part)).find((word) => word !== undefined);
}

/** What a flag says in a column of this name: `kept`, `success`, `crashed`, `done`; other columns' flags say nothing. */
export function flagOf(column: string, cell: string): Word | undefined {
  const text = plain(cell).toLowerCase();
  const yes = /^(?:1|1\.0|true|yes|y|t)$/.test(text) || /^[✅✔👍]/u.test(cell.trim());
  const no = /^(?:0|0\.0|false|no|n|f)$/.test(text) || /^[❌✗✖👎]/u.test(cell.trim());
  if (!yes && !no) return undefined;
  if (/crash|fail|error|oom|invalid/i.test(column)) return yes ? 'crash' : 'ran';
  if (/succe|ok\b|valid|completed?|finished/i.test(column)) return yes ? 'ran' : 'crash';
  if (/^done$/i.test(column)) return yes ? 'ran' : 'running';
  return /kept|keep|accept|adopt|merge|improv|better|best|winner|^(?:decision|verdict|disposition)$/i.test(column)
    ? yes
      ? 'keep'
      : 'discard'
    : undefined;
}

/** What the text of a row without a status says of it: only plain words, because a description may say anything. */
export function verdictInText(text: string): Word | undefined {
  if (/\bnew[\s_]best\b|\bbest(?:!|\s+so\s+far)/i.test(text)) return 'keep';
  if (/\b(?:fail(?:ed)?|diverge[sd]?|crash(?:ed)?|oom|invalid)\b/i.test(text)) return 'crash';
  if (
    /\b(?:worse|hurts?|discard(?:ed)?|revert(?:ed)?|regress(?:ed|ion)?|terrible|bad|catastrophic|no improvement|plateau\w*)\b/i.test(
      text,
    )
  )
    return 'discard';
  return undefined;
}
