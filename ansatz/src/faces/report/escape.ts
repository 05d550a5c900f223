/** Text from outside (hypotheses, names, logs) on its way into a page, made harmless. */

/** One line: no line ends, escape sequences, control or direction characters. */
export function line(text: string): string {
  return whole(text.replaceAll(ESCAPES, '').replaceAll(/[\t\n\u2028\u2029]+/g, ' '));
}

/** Like {@link line}, but lines stay lines: for commands and settings that are pasted. */
export function whole(text: string): string {
  return text
    .replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '')
    .toWellFormed();
}

/** CSI and OSC sequences, and two-character escapes. */
const ESCAPES = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b./g;

/** For HTML content and quoted attributes alike. */
export function html(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** For Markdown text and table cells: what would start markup, a link, a mention or a cell is escaped. */
export function markdown(text: string): string {
  return (
    line(text)
      .replaceAll(/[\\`*[\]|~>$]|(?<!\w)_|_(?!\w)|^[#+=-]/g, String.raw`\$&`)
      .replace(/^(\d+)([.)])/, String.raw`$1\$2`)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      // A zero-width joiner would survive copying; an entity does not ping anybody and reads the same.
      .replaceAll('@', '&#64;')
      .replaceAll(/(https?):/gi, '$1&#58;')
  );
}

/** A fenced block that no line inside can close. */
export function fence(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const ticks = '`'.repeat(longest + 1);
  return `${ticks}${language}\n${text}\n${ticks}`;
}
