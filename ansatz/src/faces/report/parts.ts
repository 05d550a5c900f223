/** Pieces that sections of the page are made of. Everything that comes from outside goes through {@link text} or {@link code}. */

import { html, line, whole } from './escape.ts';

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
