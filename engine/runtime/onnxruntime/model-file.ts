import { readFile } from 'node:fs/promises';
import { UserError } from '../../errors';
import type { Device, ModelFile, ModelTensor } from '../runtime';
import {
  sessionOptions,
  withoutSpinning,
  type OnnxDevice,
  type OnnxRuntime,
} from './session-program';

/**
 * A model that somebody else has written, as a session. `fromPath`: the build reads it from the disk, with weights that lie beside it.
 * @throws UserError where the file cannot be read, or is no model that this runtime takes
 */
export async function openModelFile(
  ort: OnnxRuntime,
  declaration: OnnxDevice,
  path: string,
  device: Device,
  fromPath: boolean,
): Promise<ModelFile> {
  const options = {
    ...sessionOptions(declaration, device.threads),
    graphOptimizationLevel: 'all',
    extra: { session: withoutSpinning },
  } as const;
  let session;
  try {
    session = fromPath
      ? await ort.InferenceSession.create(path, options)
      : await ort.InferenceSession.create(await readFile(path), options);
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new UserError(`${path} cannot be opened as an ONNX model: ${reason}`);
  }
  const described = (all: typeof session.inputMetadata): ModelTensor[] =>
    all.map((one) => {
      if (!one.isTensor) throw new UserError(`${path}: ${one.name} is no tensor.`);
      return {
        name: one.name,
        type: one.type,
        shape: one.shape.map((n) => (typeof n === 'number' && n > 0 ? n : null)),
      };
    });
  return {
    inputs: described(session.inputMetadata),
    outputs: described(session.outputMetadata),
    async run(input, data, shape, output) {
      const tensor = new ort.Tensor('float32', data, shape);
      let results;
      try {
        results = await session.run({ [input]: tensor }, [output]);
      } catch (error) {
        const [reason] = (error as Error).message.split('\n');
        throw new UserError(`${path} does not run on ${input} [${shape.join(', ')}]: ${reason}`);
      }
      const found = results[output];
      const values = (await found.getData()) as Float32Array;
      const result = { data: values, shape: [...found.dims] };
      found.dispose();
      return result;
    },
    release: () => session.release(),
  };
}
