const prefix = 'next:';

/** The name of the output that is the next value of a program's state. */
export const next = (name: string): string => prefix + name;

/** True for the name of an output that is a next value of state, not a result. */
export const isNext = (output: string): boolean => output.startsWith(prefix);
