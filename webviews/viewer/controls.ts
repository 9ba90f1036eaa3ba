import { h, on } from '../shared/dom';

export type Select = HTMLElement & { value: string };
export type Toggle = HTMLElement & { checked: boolean };

/** A select of the control library. */
export function select(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  onChange: (value: string) => void,
): Select {
  const element = h(
    'vscode-single-select',
    { label, title: label },
    ...options.map(([value, text]) => h('vscode-option', { value }, text)),
  ) as Select;
  return on(element, { change: () => onChange(element.value) });
}

export function toolButton(icon: string, label: string, act: () => void): HTMLElement {
  return on(h('vscode-toolbar-button', { icon, label, title: label }), { click: act });
}

/** A button that stays pressed; `act` gets what it has become. */
export function toggle(text: string, title: string, act: (checked: boolean) => void): Toggle {
  const button = h(
    'vscode-toolbar-button',
    { label: title, title, toggleable: true },
    text,
  ) as Toggle;
  return on(button, { change: () => act(button.checked) });
}

export function slider(label: string, min: number, max: number, step: number): HTMLInputElement {
  return h('input', { type: 'range', min, max, step, 'aria-label': label, title: label });
}
