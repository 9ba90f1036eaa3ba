import type { InferenceSession, Tensor, env } from 'onnxruntime-common';
import { elements, Graph, type TensorData } from '../../graph/graph';
import { lower, type Rule } from '../../graph/lower';
import { toOnnx } from '../../graph/onnx';
import { add } from '../../graph/operators/elementwise';
import type { DeviceDeclaration, Program, ProgramOptions } from '../runtime';
import { isNext, next } from '../state';
import { Placement } from './placement';

/** What both builds of ONNX Runtime have. */
export interface OnnxRuntime {
  InferenceSession: typeof InferenceSession;
  Tensor: typeof Tensor;
  env: typeof env;
}

/** A device of ONNX Runtime. */
export interface OnnxDevice extends DeviceDeclaration {
  /**
   * Where a run's next values of state go: into a second set of buffers that changes places with the first; into new
   * buffers, where the build copies its outputs; into buffers that the device makes and keeps.
   */
  readonly state: 'swapped' | 'replaced' | 'on the GPU';
  /** What its provider is told. */
  readonly options?: Readonly<Record<string, number>>;
  /** False where the provider refuses memory that is laid out ahead. */
  readonly memoryPattern?: false;
}

/** The provider of a device with its options. */
export const providerOf = ({ provider, options }: OnnxDevice) => ({ name: provider, ...options });

/** How every session that computes is opened on a device. */
export const sessionOptions = (device: OnnxDevice, threads: number) =>
  ({
    executionProviders: [providerOf(device)],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  }) as const;

/** Threads that wait by spinning halve the speed of whatever else runs, the editor for one, and in turn their own. */
export const withoutSpinning = { intra_op: { allow_spinning: '0' } } as const;

/**
 * Compiles the graph to a session, its nodes by `rule` where the device has faster ways. Every parameter that its outputs need must be
 * in `frozen` or `state`.
 */
export async function compileSession(
  ort: OnnxRuntime,
  device: OnnxDevice,
  graph: Graph,
  options: ProgramOptions,
  rule?: Rule,
): Promise<Program> {
  const state = new Map(options.state);
  const model = toOnnx(lower(graph, rule), { weights: options.frozen });
  const { onPlacement } = options;
  const placement = device.gpu && onPlacement ? await Placement.open() : null;
  const session = await ort.InferenceSession.create(model, {
    ...sessionOptions(device, options.device.threads),
    // To look for what can be fused takes a processor's session four times as long as all the rest.
    graphOptimizationLevel: options.seldom && device.provider === 'cpu' ? 'disabled' : 'all',
    // The block that is laid out ahead for all of a step's tensors is far larger than what lives at one time.
    enableMemPattern: (device.memoryPattern ?? true) && state.size === 0,
    extra: { session: { set_denormal_as_zero: '1', ...withoutSpinning } },
    ...(device.state === 'on the GPU'
      ? {
          preferredOutputLocation: Object.fromEntries(
            [...state.keys()]
              .map(next)
              .filter((name) => graph.outputs.has(name))
              .map((name) => [name, 'gpu-buffer' as const]),
          ),
        }
      : {}),
    ...placement?.options,
  }).catch(async (error) => {
    await placement?.close();
    throw error;
  });
  for (const name of session.inputNames)
    if (graph.parameters.has(name) && !state.has(name)) {
      await session.release();
      await placement?.close();
      throw new Error(`parameter ${name} has neither a frozen value nor a place in the state`);
    }
  for (const name of [...state.keys()]) if (!session.inputNames.includes(name)) state.delete(name);
  const program = new SessionProgram(session, graph, state, ort, device);
  program.placement = placement && { of: placement, tell: onPlacement! };
  return program;
}

/**
 * A session with its state. Where that is swapped, a run reads one set of buffers and writes the other, so nothing is
 * allocated and no weight is overwritten while it is still read.
 */
class SessionProgram implements Program {
  private current = new Map<string, Tensor>();
  private spare = new Map<string, Tensor>();
  private readonly results: string[];
  private downloader: InferenceSession | undefined;
  /** Until the first run. */
  placement: {
    of: Placement;
    tell: NonNullable<ProgramOptions['onPlacement']>;
  } | null = null;

  constructor(
    private readonly session: InferenceSession,
    private readonly graph: Graph,
    state: ReadonlyMap<string, Float32Array>,
    private readonly ort: OnnxRuntime,
    private readonly device: OnnxDevice,
  ) {
    const { Tensor } = ort;
    this.results = [...graph.outputs.keys()].filter((name) => !isNext(name));
    for (const [name, data] of state) {
      const shape = graph.parameters.get(name)!.value.shape;
      this.current.set(name, new Tensor('float32', data.slice(), shape));
      if (device.state === 'swapped')
        this.spare.set(name, new Tensor('float32', new Float32Array(data.length), shape));
    }
  }

  async run(
    feeds: Readonly<Record<string, TensorData>> = {},
  ): Promise<Record<string, Float32Array>> {
    const { Tensor } = this.ort;
    const inputs: Record<string, Tensor> = Object.fromEntries(this.current);
    for (const { name, type, shape } of this.graph.inputs) {
      const data = feeds[name];
      if (!this.session.inputNames.includes(name)) continue;
      if (data?.length !== elements(shape))
        throw new Error(
          `input ${name}: expected ${elements(shape)} elements, found ${data?.length}`,
        );
      inputs[name] = new Tensor(type, data as never, shape);
    }
    const fetches: Record<string, Tensor | null> = {};
    for (const name of this.results) fetches[name] = null;
    for (const name of this.current.keys())
      if (this.graph.outputs.has(next(name))) fetches[next(name)] = this.spare.get(name) ?? null;
    const outputs = await this.session.run(inputs, fetches);
    for (const name of this.current.keys()) {
      const after = outputs[next(name)];
      if (!after) continue;
      const before = this.current.get(name)!;
      if (this.spare.has(name)) this.spare.set(name, before);
      else before.dispose();
      this.current.set(name, after);
    }
    const results: Record<string, Float32Array> = {};
    for (const name of this.results) {
      results[name] = (await outputs[name].getData()) as Float32Array;
      outputs[name].dispose();
    }
    if (this.placement) {
      const { of, tell } = this.placement;
      this.placement = null;
      const left = await of.leftToProcessor(this.session);
      if (left) tell(left);
    }
    return results;
  }

  load(state: ReadonlyMap<string, Float32Array>): void {
    const { Tensor } = this.ort;
    for (const [name, before] of this.current) {
      const data = state.get(name);
      if (!data) continue;
      this.current.set(name, new Tensor('float32', data.slice(), before.dims));
      before.dispose();
    }
  }

  async state(): Promise<Map<string, Float32Array>> {
    const tensors =
      this.device.state === 'on the GPU' ? await this.download() : Object.fromEntries(this.current);
    const copy = new Map<string, Float32Array>();
    for (const name of this.current.keys())
      copy.set(name, (tensors[name].data as Float32Array).slice());
    return copy;
  }

  /** Reading a device's buffer ends the process in onnxruntime-node 1.30; the outputs of a session come back all the same. */
  private async download(): Promise<Record<string, Tensor>> {
    if (!this.downloader) {
      const graph = new Graph();
      for (const [name, { dims }] of this.current)
        graph.output(name, add(graph.input(`from:${name}`, 'float32', dims), graph.scalar(0)));
      this.downloader = await this.ort.InferenceSession.create(toOnnx(graph), {
        executionProviders: [providerOf(this.device)],
        logSeverityLevel: 3,
      });
    }
    return this.downloader.run(
      Object.fromEntries([...this.current].map(([name, tensor]) => [`from:${name}`, tensor])),
    );
  }

  async release(): Promise<void> {
    for (const tensor of this.current.values()) tensor.dispose();
    await this.session.release();
    await this.downloader?.release();
    await this.placement?.of.close();
  }
}
