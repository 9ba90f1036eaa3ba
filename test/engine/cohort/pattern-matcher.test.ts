import assert from 'node:assert/strict';
import { parsePattern } from '../../../engine/cohort/pattern';
import { ConfigError } from '../../../engine/errors';
import { Random } from '../../../engine/random';

/** A pattern and what JavaScript's own expression for it is. */
interface Both {
  pattern: string;
  expression: string;
}

const regexes = ['\\d+', '[ab]*', '(?:a|ab)', '(a|b)+?', '.', '[^_]{1,2}', 'a?b', '\\w+\\b', '.*'];
const globs: Both[] = [
  { pattern: '*', expression: '[^/]*' },
  { pattern: '**', expression: '.*' },
  { pattern: '**/', expression: '(?:.*/)?' },
  { pattern: '?', expression: '[^/]' },
  ...['/', '_', 'a', 'b', '.'].map((text) => ({
    pattern: text,
    expression: text === '.' ? '\\.' : text,
  })),
];

function drawPattern(random: Random): Both {
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)];
  const defined = new Set<string>();
  const again = (name: string): Both => ({ pattern: `{${name}}`, expression: `\\k<${name}>` });
  const placeholder = (): Both => {
    const name = pick(['case', 'subject', 'slice']);
    if (defined.has(name)) return again(name);
    defined.add(name);
    if (random.chance(0.5)) return { pattern: `{${name}}`, expression: `(?<${name}>[^/]+?)` };
    let [inside, expression] = ['', ''];
    for (let n = 0; n <= random.integer(2); n++) {
      const regex = pick(regexes);
      const inner = random.chance(0.3) ? placeholder() : null;
      inside += regex + (inner?.pattern ?? '');
      expression += regex + (inner?.expression ?? '');
    }
    return { pattern: `{${name}:${inside}}`, expression: `(?<${name}>${expression})` };
  };
  let [pattern, expression] = ['/', '/'];
  for (let n = 0; n <= random.integer(7); n++) {
    const next = random.chance(0.5) ? placeholder() : pick(globs);
    // Stars one after another are other stars.
    if (pattern.endsWith('*') && /^[*/]/.test(next.pattern)) continue;
    pattern += next.pattern;
    expression += next.expression;
  }
  return { pattern, expression: `^${expression}$` };
}

/** A `{name}` within the expression of the same `{name}` is nothing that JavaScript and people agree about. */
const isWithinItself = (pattern: string): boolean =>
  ['case', 'subject', 'slice'].some((name) => {
    const from = pattern.indexOf(`{${name}:`);
    if (from < 0) return false;
    let level = 0;
    let to = from;
    do {
      if (pattern[to] === '{') level++;
      if (pattern[to] === '}') level--;
    } while (level > 0 && ++to < pattern.length);
    return pattern.slice(from, to).includes(`{${name}}`);
  });

describe('matching a path with a pattern', () => {
  it('takes what JavaScript takes, character by character', () => {
    const signs = ['a', 'b', '_', '.', '/', '1', 'a', 'b'];
    let [matched, again] = [0, 0];
    const count = 3000;
    for (let n = 0; n < count; n++) {
      const random = new Random('pattern', n);
      const { pattern, expression } = drawPattern(random);
      if (isWithinItself(pattern) || /[^/]\/$/.test(pattern)) continue;
      const { match } = parsePattern(pattern);
      const own = new RegExp(expression, 's');
      for (let p = 0; p < 30; p++) {
        let path = '/';
        for (let i = random.integer(12); i >= 0; i--) path += signs[random.integer(signs.length)];
        const expected = own.exec(path);
        assert.deepEqual(
          match(path),
          expected && { ...expected.groups },
          `${pattern} ${expression} ${path}`,
        );
        if (!expected) continue;
        matched++;
        if (expression.includes('\\k<')) again++;
      }
    }
    assert.ok(matched > count && again > count / 10, `${matched} matched, ${again} with \\k`);
  });

  it('of any form ends soon', () => {
    const letters = Array.from({ length: 250 }, (_, n) => String.fromCodePoint(0x4e00 + n)).join(
      '',
    );
    const names = [
      'a'.repeat(255),
      `${'a'.repeat(254)}!`,
      `${'a'.repeat(127)}_${'b'.repeat(127)}`,
      `${'ab'.repeat(127)}`,
      `${'a'.repeat(100)}b${'a'.repeat(100)}c${'a'.repeat(50)}`,
      letters,
      `${letters.slice(0, 125)}_${letters.slice(125)}`,
    ];
    const patterns = [
      '{case:(a+)+}',
      '{case:(a+)+}.png',
      '{case:(a|aa)+}b',
      '{case:(.*)*x}',
      '{case:(.*a){20}}!',
      '{case:((a*)*)*}c',
      '*a*a*a*a*a*a*a*a*a*a*a*a*b*{case}z',
      '{a}{b}{c}{d}{e}{f}{g}{case}z',
      '{case}_{case}',
      '{case}{case}{case}',
      '*{case}*{case}*',
      '*{case}*{case}*{case}!',
      '*{case}*_*{case}*',
      '{case:(a|aa)+}*{case}*',
      '*{case:\\w+}*{case}b',
      '{case:{subject:a+}{slice:a+}}{slice}{subject}b',
      '{case}{subject}{case}{subject}',
      '*{case}*{subject}*{case}*{subject}*',
    ];
    for (const pattern of patterns)
      for (const name of names) {
        const began = process.cpuUsage();
        parsePattern(`/data/${pattern}`).match(`/data/${name}`);
        const { user, system } = process.cpuUsage(began);
        const ms = (user + system) / 1000;
        assert.ok(ms < 2000, `${pattern} on ${name.slice(0, 10)}... took ${ms} ms`);
      }
  });

  it('refuses by its name a pattern with what needs more time', () => {
    for (const regex of [
      '(?=a).*',
      '(?!a).*',
      '(?<=a).*',
      '(?<!a).*',
      '(a)\\1',
      '\\k<case>',
      'a{1,2000}',
    ])
      assert.throws(
        () => parsePattern(`/a/{case:${regex}}.png`),
        (error: Error) =>
          error instanceof ConfigError &&
          error.message.startsWith(`The file pattern /a/{case:${regex}}.png has `) &&
          /lookahead, lookbehind or backreference/.test(error.message) &&
          error.message.endsWith('.'),
        regex,
      );
    for (const pattern of [
      '/{a:(?:x{b:.}|y)}/{b}',
      '/{a:{b:.}|x}{b}',
      '/{a}/{c:({a})+}',
      '/{a}/{c:{a}?}',
    ])
      assert.throws(() => parsePattern(pattern), /stands twice/, pattern);
  });

  it('refuses placeholders that are nested without end', () => {
    const deep = `${Array.from({ length: 20_000 }, (_, n) => `{n${n}:`).join('')}x${'}'.repeat(20_000)}`;
    assert.throws(() => parsePattern(`/${deep}`), /nests placeholders more than 50 deep/);
  });

  it('does not take for anchors and classes what are plain characters in JavaScript', () => {
    for (const regex of ['\\Aa', 'a\\z', '\\Qa', '[[:alpha:]]', '\\pL'])
      assert.throws(() => parsePattern(`/{case:${regex}}`), /is not supported/, regex);
    assert.deepEqual(parsePattern('/{case:\\\\A+}').match('/\\AA'), { case: '\\AA' });
  });
});
