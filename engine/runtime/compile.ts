import type { Graph } from '../graph/graph';
import { runtimeOf } from './catalogue';
import type { Program, ProgramOptions } from './runtime';

/** Compiles a graph for a device, with the runtime that has it. Every parameter needed must be in `frozen` or `state`. */
export const compile = (graph: Graph, options: ProgramOptions): Promise<Program> =>
  runtimeOf(options.device.name).compile(graph, options);
