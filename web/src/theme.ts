/** Colours: the report's, after the system's theme until somebody says otherwise. */

import { DARK, FIGURE_STYLE, LIGHT, VERDICT_STYLE } from '../../ansatz/src/faces/report/style.ts';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'ansatz-theme';

export function themeNow(): Theme {
  const kept = localStorage.getItem(KEY);
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function setTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  document.documentElement.dataset['theme'] = theme;
}

/** Put the shared styles on the page: a constructed sheet, so that no style has to be allowed inline. */
export function dress(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:root{${LIGHT};${series(ON_WHITE)}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${DARK};${series(ON_BLACK)}}}
:root[data-theme=dark]{${DARK};${series(ON_BLACK)}}
@media print{:root,:root[data-theme=dark]{${LIGHT};${series(ON_WHITE)}}}
${FIGURE_STYLE}${VERDICT_STYLE}`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  document.documentElement.dataset['theme'] = themeNow();
}

/** A colour of the page as it is now. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Lines are coloured by number: Okabe & Ito (2008), in an order that sets neighbours apart in grey as well. */
export const COLOURS = 10;
const ON_WHITE = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#7a6ff0',
  '#8c8c2e',
  '#a0522d',
  '#5f6a72',
];
const ON_BLACK = [
  '#56b4e9',
  '#ff8350',
  '#2fc596',
  '#e3a0c4',
  '#f0b740',
  '#8fcdf5',
  '#a79ffb',
  '#c2c25a',
  '#d08a60',
  '#a3a7a9',
];
const series = (list: readonly string[]): string => list.map((value, i) => `--line-${i}:${value}`).join(';');

export const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 4]];
