import { mix, networkColorId } from '../../engine/presentation/palette';
import { inkFor, softShare, type Ink } from '../../engine/presentation/svg';

/** Colours as the editor's theme has them now. */
export function themeInk(): Ink {
  const style = getComputedStyle(document.body);
  const { classList } = document.body;
  const light =
    classList.contains('vscode-light') || classList.contains('vscode-high-contrast-light');
  const plain = inkFor(light ? 'light' : 'dark');
  const variable = (name: string, otherwise: string) =>
    hexColor(style.getPropertyValue(`--vscode-${name}`).trim()) ?? otherwise;
  const text = variable('editor-foreground', variable('foreground', plain.text));
  const background = variable('editor-background', plain.background);
  return {
    text,
    background,
    grid: mix(background, text, classList.contains('vscode-high-contrast') ? 0.4 : 0.16),
    color: (name) => {
      if (name.kind === 'text') return text;
      if (name.kind === 'series') return plain.color(name);
      const color = variable(
        networkColorId(name.index).replace('.', '-'),
        plain.color({ ...name, soft: false }),
      );
      return name.soft ? mix(color, text, softShare) : color;
    },
  };
}

/** `#rrggbb` of a colour as VS Code hands it over; null of anything else. */
function hexColor(value: string): string | null {
  if (/^#[0-9a-f]{6}([0-9a-f]{2})?$/i.test(value)) return value.slice(0, 7);
  if (/^#[0-9a-f]{3}$/i.test(value)) return `#${[...value.slice(1)].map((c) => c + c).join('')}`;
  const parts = /^rgba?\((\d+),\s*(\d+),\s*(\d+)/.exec(value);
  return parts
    ? `#${parts
        .slice(1, 4)
        .map((v) => Number(v).toString(16).padStart(2, '0'))
        .join('')}`
    : null;
}

/** Calls back when the theme changes: VS Code rewrites the variables and the body's class. */
export function onThemeChange(callback: () => void): void {
  const observer = new MutationObserver(callback);
  observer.observe(document.documentElement, {
    attributes: true,
    attributeFilter: ['style', 'class'],
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
}
