import { sameValues } from './memo';
import { isOpen, type OpenState, type State } from './state';

/** Brings something up to the state: what it shows, or what it does about it. */
export type Render = (state: State) => void;

/** Replaces the state by what the transition makes of it. */
export type Update = (transition: (state: State) => State) => void;

/** A part of the page, or something that works behind it. It says itself what of the state it depends on, and is told of each state. */
export interface Part {
  readonly render: Render;
  dispose?(): void;
}

/** The state, and the parts that follow it. */
export class Store {
  private parts: readonly Part[] = [];
  private rendering = false;
  private behind = false;

  constructor(private current: State) {}

  get state(): State {
    return this.current;
  }

  /** Renders the parts, from now on at each change. */
  start(parts: readonly Part[]): void {
    this.parts = parts;
    this.render();
  }

  readonly update: Update = (transition) => {
    const next = transition(this.current);
    if (next === this.current) return;
    this.current = next;
    this.render();
  };

  /** Nothing is rendered any more. */
  stop(): void {
    for (const part of this.parts) part.dispose?.();
    this.parts = [];
  }

  /** Until no part has changed the state: one that does so while it is rendered is not called within itself. */
  private render(): void {
    this.behind = true;
    if (this.rendering) return;
    this.rendering = true;
    try {
      while (this.behind) {
        this.behind = false;
        for (const { render } of this.parts) render(this.current);
      }
    } finally {
      this.rendering = false;
    }
  }
}

/** Calls `draw` with the values that `pick` takes out of the state, at first and then where one of them is another. */
export function whenChanged<T extends readonly unknown[] | []>(
  pick: (state: State) => T,
  draw: (values: T) => void,
): Render {
  let before: T | null = null;
  return (state) => {
    const values = pick(state);
    if (before && sameValues(values, before)) return;
    before = values;
    draw(values);
  };
}

/** As `whenChanged`, while something is shown. */
export function whenOpen<T extends readonly unknown[] | []>(
  pick: (state: OpenState) => T,
  draw: (values: T) => void,
): Render {
  const render = whenChanged((state) => pick(state as OpenState), draw);
  return (state) => {
    if (isOpen(state)) render(state);
  };
}

/** One after the other. */
export const inTurn =
  (...renders: readonly Render[]): Render =>
  (state) => {
    for (const render of renders) render(state);
  };
