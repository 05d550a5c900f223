/** The daily digest as Markdown, as an e-mail file, and as an item of a feed. */

import type { Digest } from '../../study/digest.ts';
import { html, markdown, whole } from './escape.ts';
import { changed, count, date, num, percent, plus, plusMinus, result, seconds } from './numbers.ts';

/** What a subject line says. */
export function digestSubject({ study, status, findings, gain }: Digest): string {
  const best =
    gain === undefined
      ? `${status.objective.metric} ${result(status.baseline)}, nothing better yet`
      : `${status.objective.metric} ${num(status.baseline!.mean)} → ${result(status.best)}`;
  const kept = findings.filter(({ kind }) => kind === 'keep').length;
  return `${study}: ${best}${kept > 0 ? `, ${count(kept, 'new gain')}` : ''}`;
}

/** The digest, short enough to be read. */
export function digestMarkdown(digest: Digest): string {
  const { findings, refuted, bets, surprises, decisions, gain, status } = digest;
  const blocks = [
    `## ${markdown(digestSubject(digest))}`,
    markdown(
      `${date(digest.from)} to ${date(digest.to)}: ${count(digest.trials, 'new trial')}, ${count(digest.runs, 'run')}, ${seconds(digest.spent.deviceSeconds)} of device time${digest.spent.money > 0 ? `, ${num(digest.spent.money, 3)} money` : ''}.` +
        (gain === undefined
          ? ''
          : ` The best is better than the baseline by ${plusMinus(gain.effect, gain.margin)} (${percent(gain.percent / 100)}).`),
    ),
    section(
      'Found',
      findings.map(
        ({ kind, trial, knob, text, evidence }) =>
          `${kind === 'keep' ? `**trial ${trial}** kept` : `**${markdown(knob!)}**`}: ${markdown(text)}${kind === 'keep' && evidence > 0 ? ` (${num(evidence, 2)} standard errors better)` : ''}`,
      ),
      'nothing new that stands clear of noise',
    ),
    section(
      'Refuted',
      refuted.map(
        (one) =>
          `trial ${one.trial} (${markdown(changed(one.changes, 4))}): looked ${plus(one.looked)}, is ${plus(one.is)}; ${markdown(one.why)}`,
      ),
      'nothing that had looked good',
    ),
    ...(bets.length === 0
      ? []
      : [
          section(
            'Paid',
            bets.map(
              (bet) =>
                `${markdown(bet.name)}: ${seconds(bet.deviceSeconds)}${bet.money > 0 ? `, ${num(bet.money, 3)} money` : ''} for ${count(bet.trials, 'trial')}, ${bet.keeps === 0 ? 'nothing kept' : `${bet.keeps} kept`}`,
            ),
            '',
          ),
        ]),
    ...(surprises.length === 0 ? [] : [section('Surprises', surprises.map(markdown), '')]),
    section(
      'To decide',
      decisions.map(
        ({ text, fix }) => `${markdown(text)}${fix === undefined ? '' : `: \`${fix.replaceAll('`', '')}\``}`,
      ),
      'nothing',
    ),
    ...(status.expectedFalseKeeps > 0.05
      ? [markdown(`Of what was kept ${num(status.expectedFalseKeeps, 2)} are expected to be no gain.`)]
      : []),
  ];
  return `${whole(blocks.filter((block) => block !== '').join('\n\n'))}\n`;
}

function section(name: string, items: readonly string[], none: string): string {
  if (items.length === 0) return none === '' ? '' : `### ${name}\n${none}`;
  return `### ${name}\n${items.map((item) => `- ${item}`).join('\n')}`;
}

/** A message that any mail program opens and sends on (RFC 5322), in plain text. */
export function digestMail(digest: Digest): string {
  const body = digestMarkdown(digest).replaceAll(/\\(?=[^\w\s])/g, '');
  return [
    `Date: ${new Date(digest.to).toUTCString().replace('GMT', '+0000')}`,
    `Subject: ${encoded(digestSubject(digest))}`,
    'From: ansatz <ansatz@localhost>',
    'To: undisclosed-recipients:;',
    `Message-ID: <${digest.to}.${digest.study.replaceAll(/[^\w.-]/g, '')}@ansatz>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    base64(body),
    '',
  ].join('\r\n');
}

/** RFC 2047: a subject outside ASCII, in words of at most 75 characters. */
function encoded(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words: string[] = [];
  let part = '';
  for (const character of text) {
    if (Buffer.byteLength(part + character) > 40) {
      words.push(part);
      part = '';
    }
    part += character;
  }
  words.push(part);
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64').replaceAll(/.{76}/g, '$&\r\n');
}

/** A feed of one item, the newest digest: readers keep those they have seen. */
export function digestRss(digest: Digest): string {
  const when = new Date(digest.to).toUTCString();
  const id = `ansatz:${digest.study}:${digest.to}`;
  return `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0">
<channel>
<title>${html(digest.study)}</title>
<link>http://127.0.0.1/</link>
<description>${html(`what the lab found in ${digest.study}`)}</description>
<lastBuildDate>${when}</lastBuildDate>
<item>
<title>${html(digestSubject(digest))}</title>
<guid isPermaLink="false">${html(id)}</guid>
<pubDate>${when}</pubDate>
<description>${html(`<pre>${html(digestMarkdown(digest))}</pre>`)}</description>
</item>
</channel>
</rss>
`;
}
