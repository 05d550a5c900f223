/** Sections about lines of enquiry, milestones, what gains cost, code that was kept and what was learned. */

import type { Report } from './data.ts';
import { changed, date, num, percent, plus, seconds, triedText } from './numbers.ts';
import { code, section, text } from './parts.ts';

/** Who spent what, what each confirmed gain cost, and what is to be ready when; nothing where there is one line and no gain. */
export function betsSection(report: Report): string {
  const { status, keeps, trials } = report;
  const { bets, people, milestones, perKeep } = status;
  const parts: string[] = [];
  if (keeps.length > 0) {
    parts.push(
      '<h3>What each confirmed gain cost</h3>',
      table(
        ['trial', 'change', '#gain, as believed', '#device time', '#runs'],
        keeps.map((keep) => [
          String(keep.trial),
          changed(trials[keep.trial - 1]?.changes ?? [], 4),
          keep.effect === undefined ? '–' : plus(keep.effect),
          seconds(keep.deviceSeconds),
          String(keep.runs),
        ]),
      ),
    );
  }
  if (bets.length > 1 || people.length > 0) {
    parts.push(
      '<h3>Lines of enquiry</h3>',
      table(
        ['who', '#share', '#device time', '#trials', '#kept', '#best', '#chance to still pay'],
        [
          ...bets.map((bet) => [
            `${bet.name}${bet.closed ? ' (closed)' : ''}`,
            percent(bet.share),
            seconds(bet.spent.deviceSeconds),
            triedText(bet),
            String(bet.keeps),
            bet.best === undefined ? '–' : num(bet.best),
            bet.chance === undefined ? '–' : percent(bet.chance),
          ]),
          ...people.map((person) => [person.name, '', seconds(person.spent.deviceSeconds), '', '', '', '']),
        ],
      ),
    );
  }
  if (milestones.length > 0) {
    parts.push(
      '<h3>Milestones</h3>',
      table(
        ['name', 'when', 'needs', 'state'],
        milestones.map((one) => [
          one.name,
          date(one.at),
          one.needs,
          one.state === 'to come'
            ? `will be met: ${percent(one.chance)}`
            : `${one.state}${one.text === '' ? '' : `: ${one.text}`}`,
        ]),
      ),
    );
  }
  if (parts.length === 0) return '';
  const lead =
    perKeep === undefined
      ? ''
      : `Of the whole study ${seconds(perKeep.deviceSeconds)} of device time went into each confirmed gain; ${num(status.expectedFalseKeeps, 2)} of them are expected to be none.`;
  return section('What it bought', lead, ...parts);
}

/** Changes of code that were kept. */
export function codeSection({ code: kept }: Report): string {
  if (kept.length === 0) return '';
  return section(
    'Code',
    'Changes of code that were kept, the newest first, each against the code it departed from.',
    ...kept.map(({ trial, hypothesis, diff }) => `<h3>${text(`Trial ${trial}: ${hypothesis}`)}</h3>${code(diff)}`),
  );
}

/** What the experiments add up to, and what people wrote on them. */
export function lessonsSection({ lessons, notes }: Report): string {
  if (lessons.length + notes.length === 0) return '';
  const learned = lessons.map(
    ({ text: words, support }) =>
      `<li>${text(words)} <span class="muted">${text(`for ${support.for}, against ${support.against}`)}</span></li>`,
  );
  const written = notes.map(
    ({ trial, at, text: words, by }) =>
      `<li>${text(`trial ${trial}, ${date(at)}${by === undefined ? '' : `, ${by}`}: ${words}`)}</li>`,
  );
  return section(
    'What was learned',
    '',
    learned.length === 0 ? '' : `<ul>${learned.join('')}</ul>`,
    written.length === 0 ? '' : `<h3>Notes</h3><ul>${written.join('')}</ul>`,
  );
}

/** A table; heads with # before them are of numbers. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const look = heads.map((head) => (head.startsWith('#') ? ' class="n"' : ''));
  const top = heads.map((head, i) => `<th${look[i]}>${text(head.replace('#', ''))}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${row.map((cell, i) => `<td${look[i]}>${text(cell)}</td>`).join('')}</tr>`)
    .join('');
  return `<div class="scroll"><table class="small"><thead><tr>${top}</tr></thead><tbody>${body}</tbody></table></div>`;
}
