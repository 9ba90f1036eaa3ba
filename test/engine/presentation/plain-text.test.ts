import assert from 'node:assert/strict';
import {
  escapeMarkdown,
  oneLine,
  printableJson,
  withoutControls,
  withoutIcons,
  withoutLinks,
} from '../../../engine/presentation/plain-text';
import { hostileTexts } from '../../hostile-run';
import { markdown } from '../../markdown';

/** What is shown of Markdown, without the spaces at its ends. */
const shown = (text: string) =>
  markdown
    .renderInline(text)
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

describe('text of others', () => {
  for (const [kind, text] of Object.entries(hostileTexts)) {
    it(`is text in Markdown: ${kind}`, () => {
      for (const around of ['', 'a ', '- ', '**bold** ']) {
        const escaped = escapeMarkdown(text);
        // Nothing but what is ours around it.
        const plain = markdown.render(`${around}x`);
        const tags = (html: string) => (html.match(/<[^>]+>/g) ?? []).join(' ');
        assert.equal(tags(markdown.render(around + escaped)), tags(plain), escaped);
        assert.equal(shown(escaped), oneLine(text));
      }
    });

    it(`is one short line without controls: ${kind}`, () => {
      const line = oneLine(text, 80);
      assert.ok(line.length <= 80);
      assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Cs}/u);
      assert.doesNotMatch(withoutLinks(text), /\[[^\]]+\]\(/);
      assert.doesNotMatch(withoutIcons(text), /\$\([\w~-]+\)/);
      // Line ends and tabs are those of whoever prints.
      assert.doesNotMatch(withoutControls(text).replace(/[\n\t]/g, ''), /\p{Cc}|\u202e/u);
      assert.doesNotMatch(printableJson({ text }), /\p{Cc}|[\u202a-\u202e]/u);
      assert.deepEqual(JSON.parse(printableJson({ text })), { text });
    });
  }

  it('is left as it is where it is ordinary', () => {
    for (const text of [
      'ct_images-2 (source, n = 3)',
      '0.597 [0.581, 0.612]',
      '-',
      '-0.012',
      'p < 0.001',
      'Leber, Größe 3,5',
      'C:/data/ct',
      '肝臓',
    ])
      for (const plain of [escapeMarkdown, withoutLinks, withoutIcons, withoutControls])
        assert.equal(plain(text), text);
  });
});
