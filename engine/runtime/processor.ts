import { cpus } from 'node:os';

/** The processor's name, for people. */
export const processorName = (): string => cpus()[0]?.model.trim() ?? process.arch;
