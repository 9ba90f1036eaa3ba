/**
 * Text of others, such as the names in a run's folder, as text and nothing else: no markup, no command, no control of a terminal, and
 * no longer than can be read. Pure; for terminals, reports, pages and the editor alike.
 */

/** What moves a terminal's cursor or turns the direction of the text around it, and halves of characters. */
const unseen =
  // eslint-disable-next-line no-control-regex
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]|\p{Cs}/gu;

/** Lines of text without what is not shown but does something; each such character becomes U+FFFD. */
export const withoutControls = (text: string): string =>
  text.replaceAll('\r\n', '\n').replace(unseen, '\ufffd');

/** A value as JSON in one line that a terminal shows and does not obey. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    unseen,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The beginning of a text of more than `longest` characters, and that it goes on. */
export const shortened = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest - 1).replace(/\p{Cs}$/u, '')}…` : text;

/** A text in one line of at most `longest` characters. */
export function oneLine(text: string, longest = 300): string {
  const cut = shortened(text, longest);
  return withoutControls(cut.replace(/[\t\n\v\f\r\u0085\u2028\u2029]+/g, ' ')).trim();
}

/** What Markdown (GitHub's) would take for more than text, wherever it stands, or at the start or the end of a word. */
const marks =
  /[\\`*|~]|\](?=[([:])|<(?=[a-z/!?])|(?<=\S)@(?=\S)|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|:(?=\/\/)|(?<=\bwww)\./gi;
/** The same at the start of a line: headings, lists, quotes, rules. */
const starts = /^(?:#{1,6}(?=\s|$)|[-+](?=\s)|[-=]{2,}(?=\s*$)|>|\d+(?=[.)]\s))/;

/** A text in one line within Markdown, shown as it is; ordinary names stay as they are. `longest`: of the text before. */
export const escapeMarkdown = (text: string, longest?: number): string =>
  oneLine(text, longest)
    .replace(marks, '\\$&')
    .replace(starts, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`));

/** What a block of code stands between in Markdown: more backticks than there are together within it. */
export const fenceOf = (code: string): string =>
  '`'.repeat(
    (code.match(/`{3,}/g) ?? []).reduce((most, { length }) => Math.max(most, length + 1), 3),
  );

/** A text in one line where `[text](address)` is a link and cannot be escaped, as in the editor's messages. */
export const withoutLinks = (text: string, longest?: number): string =>
  oneLine(text.replaceAll('](', '] ('), longest);

/** A text in one line where `$(name)` is an icon, as in many of the editor's labels. */
export const withoutIcons = (text: string, longest?: number): string =>
  oneLine(text.replaceAll('$(', '$ ('), longest);
