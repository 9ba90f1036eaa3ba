interface Markdown {
  render(text: string): string;
  renderInline(text: string): string;
  linkify: { set(options: object): void };
}

// It brings no types.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const MarkdownIt = require('markdown-it') as new (options: object) => Markdown;

/** As the editor's renderer: GitHub's Markdown, with HTML, and with addresses made to links. */
export const markdown = new MarkdownIt({ linkify: true, html: true });
// Without those that have no protocol, which only the preview of documents makes to links.
markdown.linkify.set({ fuzzyLink: false });
