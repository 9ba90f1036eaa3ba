import { shortened, withoutControls } from '../../engine/presentation/plain-text';

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | null | undefined>;
type Listeners = Record<string, (event: Event) => void>;

/** As much of a text as a page shows at one place; names may be of others, and as long as these like. */
const longest = 1000;
/** Attributes that are text for a person. */
const spoken = new Set(['title', 'aria-label', 'label', 'placeholder', 'alt']);

const shown = (text: string): string => shortened(withoutControls(text), longest);

/** An element with attributes (true: there, false or null: not), listeners and children. Text is never read as HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes?: Attributes,
  ...children: Child[]
): HTMLElementTagNameMap[K];
export function h(tag: string, attributes?: Attributes, ...children: Child[]): HTMLElement;
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  append(element, children);
  return element;
}

/** The picture of an SVG document, as a part of the page. */
export const parseSvg = (text: string): Element =>
  document.importNode(new DOMParser().parseFromString(text, 'image/svg+xml').documentElement, true);

export function on<E extends Element>(element: E, listeners: Listeners): E {
  for (const [type, listener] of Object.entries(listeners))
    element.addEventListener(type, listener);
  return element;
}

/** Replaces text only where it differs, so that screen readers and selections are left alone. */
export function setText(element: Element, text: string): void {
  const own = shown(text);
  if (element.textContent !== own) element.textContent = own;
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    const text = value === true ? '' : String(value);
    element.setAttribute(name, spoken.has(name) ? shown(text) : text);
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children)
    if (child !== null && child !== undefined && child !== false)
      element.append(typeof child === 'string' ? shown(child) : child);
}
