/** Something the user can act on: its message is one sentence that names the file or the field and what is allowed. */
export class UserError extends Error {
  override name = 'UserError';
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
