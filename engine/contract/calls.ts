/** How one side asks another, across the border of a process or a page: types only. Each set of calls is an interface of its own. */

/** What is asked and what is answered. */
export interface Call {
  params: unknown;
  result: unknown;
}

/** Calls by name: what a set of calls has to fit, as in `C extends Calls<C>`. */
export type Calls<C> = Record<keyof C, Call>;
