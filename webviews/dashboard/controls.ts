import { h, on } from '../shared/dom';

type Choices = readonly (readonly [value: string, title: string])[];

let controls = 0;

/** A labelled choice of one. `offer` changes what there is to choose from and keeps what is chosen. */
export function select(
  label: string,
  value: string,
  choices: Choices,
  onChoice: (value: string) => void,
): { element: HTMLElement; offer: (choices: Choices) => void; choose: (value: string) => void } {
  const id = `control-${++controls}`;
  let chosen = value;
  let offered = '';
  const box = h('vscode-single-select', { id, label }) as HTMLElement & { value: string };
  on(box, {
    change: () => {
      chosen = box.value;
      onChoice(box.value);
    },
  });
  const offer = (all: Choices) => {
    const signature = JSON.stringify(all);
    if (signature === offered) return;
    offered = signature;
    box.replaceChildren(
      ...all.map(([v, title]) => h('vscode-option', { value: v, selected: v === chosen }, title)),
    );
  };
  offer(choices);
  return {
    element: h('div', { class: 'control' }, h('label', { for: id }, label), box),
    offer,
    choose: (v) => {
      chosen = v;
      box.value = v;
    },
  };
}

/** A labelled slider that says its value. */
export function slider(
  label: string,
  range: { min: number; max: number; step: number },
  value: number,
  onChange: (value: number) => void,
  title: (value: number) => string = String,
): {
  element: HTMLElement;
  set: (range: { max: number }, value: number) => void;
} {
  const id = `control-${++controls}`;
  const input = h('input', { id, type: 'range', ...range, value });
  const output = h('output', { for: id }, title(value));
  const tell = () => {
    const text = title(Number(input.value));
    output.textContent = text;
    input.setAttribute('aria-valuetext', text);
  };
  on(input, {
    input: () => {
      tell();
      onChange(Number(input.value));
    },
  });
  return {
    element: h('div', { class: 'control' }, h('label', { for: id }, label), input, output),
    set: ({ max }, now) => {
      input.max = String(max);
      input.value = String(now);
      tell();
    },
  };
}
