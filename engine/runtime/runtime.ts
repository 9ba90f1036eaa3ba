import type { Graph, TensorData } from '../graph/graph';

/** What compiles and runs graphs. One file or folder beside this one and a line of the catalogue make a further one. */
export interface Runtime {
  /** What a run's record calls it, with its version. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** The devices that it can have, on whatever platform. */
  readonly devices: readonly DeviceDeclaration[];
  /** @throws UserError where it cannot be loaded */
  version(): string;
  /**
   * What this platform's build has, by `provider`; whether it starts is for `open` to find out.
   * @throws UserError where it cannot be loaded
   */
  providers(): readonly string[];
  /**
   * One of its devices, after it has really run a small program with a known result. Where nobody `asked` for it by name it may be
   * passed over, also if it would start: a sentence then says why.
   * @throws Error where it does not start, with the reason in a few words
   */
  open(name: string, threads: number, asked: boolean): Promise<Device | string>;
  /** Every parameter that the graph's outputs need must be in `frozen` or `state`. */
  compile(graph: Graph, options: ProgramOptions): Promise<Program>;
  /** A model that somebody else has written. @throws UserError where it cannot be opened */
  openModel(path: string, device: Device): Promise<ModelFile>;
}

/** An input or an output of a model; `shape` has null for what is left open. */
export interface ModelTensor {
  name: string;
  type: string;
  shape: readonly (number | null)[];
}

/** An ONNX file at work. */
export interface ModelFile {
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  /** One run on its one input. @throws UserError where it does not take that */
  run(
    input: string,
    data: Float32Array,
    shape: readonly number[],
    output: string,
  ): Promise<{ data: Float32Array; shape: number[] }>;
  release(): Promise<void>;
}

/** A device as its runtime declares it. */
export interface DeviceDeclaration {
  /** What configs, the command line and the editor's settings call it. */
  readonly name: string;
  /** A sentence for people. */
  readonly title: string;
  /** The runtime's own name for it. */
  readonly provider: string;
  /** `auto` tries the highest of all runtimes first. */
  readonly preference: number;
  /** Left out for what computes on the processor. */
  readonly gpu?: true;
}

/** Where programs run: what a run records of it. */
export interface Device {
  /** As its runtime declares it. */
  name: string;
  /** For people: the processor's name, or the provider's. */
  description: string;
  threads: number;
  /** Why a better device was passed over, if one was. */
  note?: string;
}

export interface ProgramOptions {
  device: Device;
  /** It is run so seldom that being compiled soon counts for more than running fast. */
  seldom?: boolean;
  /** Weights that never change while the program lives; they become constants, which the runtime lays out for speed. */
  frozen?: ReadonlyMap<string, Float32Array>;
  /**
   * What the program carries from run to run: parameter name -> start value. Outputs of the same name with `next:` before it
   * hold the values after a run.
   */
  state?: ReadonlyMap<string, Float32Array>;
  /**
   * Told once, after the first run on a GPU: operator -> nodes of it that the device could not run and left to the processor. Not
   * told by a runtime that does not know.
   */
  onPlacement?: (left: Readonly<Record<string, number>>) => void;
}

/** A graph compiled for a device, with the state that it carries from run to run. */
export interface Program {
  /** One run: takes the graph's inputs by name, returns its outputs by name, and moves the state on. */
  run(feeds?: Readonly<Record<string, TensorData>>): Promise<Record<string, Float32Array>>;
  /** A copy of the state's present values. */
  state(): Promise<Map<string, Float32Array>>;
  /** Replaces the state's values; names that the program does not have are passed over. */
  load(state: ReadonlyMap<string, Float32Array>): void;
  release(): Promise<void>;
}
