/** Pieces that sections of the page are made of. Everything that comes from outside goes through {@link text} or {@link code}. */

import { createHash } from 'node:crypto';
import { html, line, whole } from './escape.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** Text from anywhere, harmless; a number keeps its margin and its unit on its line. */
export function text(content: string): string {
  return html(line(content))
    .replaceAll(' ± ', '\u00a0±\u00a0')
    .replaceAll(/(?<=\d) (?=%|s\b|min\b|h\b)/g, '\u00a0');
}

export function section(title: string, lead: string, ...content: readonly string[]): string {
  const about = lead === '' ? '' : `<p class="lead">${text(lead)}</p>`;
  return `<section><h2>${text(title)}</h2>${about}${content.join('')}</section>`;
}

export function figure(drawing: string, caption = ''): string {
  if (drawing === '') return '';
  return `<figure>${drawing}${caption === '' ? '' : `<figcaption>${text(caption)}</figcaption>`}</figure>`;
}

/** Something to copy. Wrapped words stay whole, so that `--flag` is never cut after its dashes. */
export function code(content: string, look = ''): string {
  const shown = html(whole(content));
  const words = look === 'wrap' ? shown.replaceAll(/[^\s]*-[^\s]*/g, '<span class="b">$&</span>') : shown;
  return `<div class="code"><pre${look === '' ? '' : ` class="${look}"`}>${words}</pre><button type="button" hidden>Copy</button></div>`;
}

/** A whole page that loads nothing: only its own style and its own script may do anything. Sections that are empty are left out. */
export function page(title: string, sections: readonly string[], foot: string): string {
  const policy = `default-src 'none'; style-src '${hash(STYLE)}'; script-src '${hash(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>${text(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${sections.filter((section) => section !== '').join('\n')}
<footer>${text(foot)}</footer>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function hash(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}
