/** Something the user can act on: its message is one sentence that names the file or the field and what is allowed. */
export class UserError extends Error {
  override name = 'UserError';
  constructor(message: string) {
    super(onOneLine(message, Infinity));
  }
}

/**
 * A text of file names and other people's words, as part of a sentence: what would break its line or rule a terminal is made visible,
 * and it is cut where it is longer than `longest`.
 */
export function onOneLine(text: string, longest = 1000): string {
  const shown = text.length > longest ? `${text.slice(0, longest - 3)}...` : text;
  return shown.replace(
    // eslint-disable-next-line no-control-regex
    /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (c) => (c === '\n' ? '\\n' : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** A config or a command line that cannot be run; `file`, `line` and `column` (from 1) say where. */
export class ConfigError extends UserError {
  override name = 'ConfigError';
  constructor(
    message: string,
    readonly place?: { file: string; line: number; column: number; path: string },
  ) {
    super(message);
  }
}
