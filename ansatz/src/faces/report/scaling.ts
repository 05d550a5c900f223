/** Pictures of a fitted law in a file of their own: one below the other, in both themes. */

import { type ScalePicture, scalePicture } from './figures/scaling.ts';
import { type Race, raceFigure } from './figures/race.ts';
import { PIXELS } from './figures/size.ts';
import { DARK, FIGURE_STYLE, LIGHT } from './style.ts';
import { el, label } from './svg.ts';

const GAP = 26;
const HEAD = 34;
const MARGIN = 16;

/** SVG text of a file with recipes over the scale. */
export function raceFile(race: Race): string {
  return fileOf([{ title: race.title, drawn: raceFigure(race, 'wide') }]);
}

/** SVG text of a file. */
export function scaleFile(pictures: readonly ScalePicture[]): string {
  return fileOf(pictures.map((one) => ({ title: one.title, drawn: scalePicture(one, 'wide') })));
}

function fileOf(pictures: readonly { readonly title: string; readonly drawn: string }[]): string {
  let at = MARGIN;
  const children: string[] = [];
  for (const { title, drawn } of pictures) {
    const height = Number(/ height="(\d+)"/.exec(drawn)?.[1] ?? 0);
    if (height === 0) continue;
    children.push(label(MARGIN, at + 14, title, { class: 'title' }));
    children.push(drawn.replace('<svg ', `<svg x="${MARGIN}" y="${at + HEAD}" `));
    at += HEAD + height + GAP;
  }
  const [width, height] = [PIXELS.wide + 2 * MARGIN, at];
  const style = `svg{${LIGHT}}@media (prefers-color-scheme:dark){svg{${DARK}}}${FIGURE_STYLE}.paper{fill:var(--paper)}`;
  return `${el(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height },
    el('style', {}, style.replaceAll('&', '&amp;').replaceAll('<', '&lt;')),
    el('rect', { class: 'paper', width, height }),
    ...children,
  )}\n`;
}
