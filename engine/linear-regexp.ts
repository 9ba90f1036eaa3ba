import { RE2JS, RE2JSSyntaxException } from 're2js';

/** The named groups of a match; undefined for one that took no part in it. */
export type Groups = Record<string, string | undefined>;

/**
 * A regular expression from someone else: matched in time proportional to the text's length, by RE2, where JavaScript's own can take
 * for ever. The same characters mean the same in both; lookahead, lookbehind and backreferences, which need more time, are not allowed,
 * nor are counts above 1000. `.` is any character.
 */
export class LinearRegExp {
  private readonly compiled: RE2JS;

  /** @throws SyntaxError that says what is not allowed, or not well formed */
  constructor(source: string, o: { ignoreCase?: boolean } = {}) {
    // RE2 knows more than JavaScript: what one of them does not know is no regular expression here.
    new RegExp(source, 's');
    const [other] = meansOther.exec(source.replace(/\\\\/g, '')) ?? [];
    if (other !== undefined) throw new SyntaxError(`\`${other}\` is not supported`);
    try {
      this.compiled = RE2JS.compile(
        RE2JS.translateRegExp(source),
        RE2JS.DOTALL | (o.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0),
      );
    } catch (error) {
      if (!(error instanceof RE2JSSyntaxException)) throw error;
      throw new SyntaxError(error.message.replace(/^error parsing regexp: /, ''), { cause: error });
    }
  }

  /** Whether it matches somewhere in a text; much quicker than `exec` where many texts are asked about. */
  test(text: string): boolean {
    return this.compiled.test(text);
  }

  /** The named groups of the first match; null where there is none. */
  exec(text: string): Groups | null {
    const match = this.compiled.exec(text) as (string[] & { groups?: Groups }) | null;
    return match && { ...match.groups };
  }
}

/** What RE2 takes for an anchor, a class or a quotation, and JavaScript for the characters themselves. */
const meansOther = /\\[AaCEPQkpz]|\[:\w+:\]/;

/** A regular expression that matches just this text. */
export const quoted = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
