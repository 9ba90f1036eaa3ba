import type { DistillConfig } from '../config/config';
import { UserError } from '../errors';
import { onnxFacts } from '../graph/onnx-facts';
import { background, type OnnxFileConfig } from '../networks/onnx-file';
import { inputChannels } from '../preparation/channels';
import { resizeLinear } from '../preparation/resample';
import { runtimeOf } from '../runtime/catalogue';
import type { Device, ModelFile, ModelTensor } from '../runtime/runtime';

/**
 * A teacher that is an ONNX file: gives class probabilities as the networks that are built here do. Sizes that the file leaves open are
 * those of the config; a file for one image at a time is run image by image.
 */
export class OnnxTeacher {
  private constructor(
    private readonly model: ModelFile,
    private readonly input: ModelTensor,
    private readonly output: string,
    private readonly config: DistillConfig,
    private readonly teacher: OnnxFileConfig,
  ) {}

  /** @throws UserError where the file cannot be opened, or does not fit the config: on which sizes and names */
  static async open(
    config: DistillConfig,
    teacher: OnnxFileConfig,
    device: Device,
  ): Promise<OnnxTeacher> {
    const model = await runtimeOf(device.name).openModel(teacher.file, device);
    try {
      const [norm, ...more] = onnxFacts(teacher.file).trainingNorms;
      if (norm !== undefined)
        throw new UserError(
          `teacher: ${teacher.file} was exported in training mode: ${[norm, ...more].length} batch norms, ${norm} the first, take the statistics of whatever images are in a batch; export it in evaluation mode (model.eval() in PyTorch).`,
        );
      const input = inputOf(model, config, teacher.file);
      return new OnnxTeacher(model, input, outputOf(model, teacher), config, teacher);
    } catch (error) {
      await model.release();
      throw error;
    }
  }

  /** Images [n, channels, rows, columns] -> probabilities [n, classes + 1, rows, columns], the background first. */
  async run({ image }: { image: Float32Array }): Promise<{ probabilities: Float32Array }> {
    const { config, teacher, input } = this;
    const size = [inputChannels(config), ...config.input.size];
    const perImage = size.reduce((a, b) => a * b);
    const n = image.length / perImage;
    const { scale, offset } = teacher;
    const values = scale === 1 && offset === 0 ? image : image.map((v) => v * scale + offset);
    const pixels = config.input.size[0] * config.input.size[1];
    const planes = config.classes.length + 1;
    const probabilities = new Float32Array(n * planes * pixels);
    const atOnce = input.shape[0] ?? n;
    for (let at = 0; at < n; at += atOnce) {
      // Of a file for several at once, the last ones are filled up with zeros.
      const given = new Float32Array(atOnce * perImage);
      given.set(values.subarray(at * perImage, Math.min(n, at + atOnce) * perImage));
      const shape = [atOnce, ...size];
      const found = await this.model.run(input.name, given, shape, this.output);
      const { names, grid } = this.mapOf(found.shape, atOnce);
      const perMap = names.length * grid[0] * grid[1];
      for (let i = 0; i < Math.min(atOnce, n - at); i++) {
        const map = found.data.subarray(i * perMap, (i + 1) * perMap);
        const one = resizeLinear(map, names.length, grid, config.input.size);
        const to = probabilities.subarray(
          (at + i) * planes * pixels,
          (at + i + 1) * planes * pixels,
        );
        this.fill(to, one, names, pixels);
      }
    }
    return { probabilities };
  }

  release(): Promise<void> {
    return this.model.release();
  }

  /** The names of an output's channels, and its grid. @throws UserError where it is no map of the classes on the image's grid or a coarser one */
  private mapOf(
    shape: readonly number[],
    n: number,
  ): { names: readonly string[]; grid: readonly [rows: number, columns: number] } {
    const { input } = this.config;
    const [batch, count, rows, columns] = shape;
    const isMap =
      shape.length === 4 &&
      batch === n &&
      rows > 0 &&
      rows <= input.size[0] &&
      rows * input.size[1] === columns * input.size[0];
    if (!isMap)
      throw new UserError(
        `teacher: ${this.teacher.file} gives ${this.output} [${shape.join(', ')}] for ${n} images of ${input.size.join(' x ')}, where [${n}, channels, ${input.size.join(', ')}] is needed, or the same on a coarser grid.`,
      );
    return { names: this.namesOf(count), grid: [rows, columns] };
  }

  private namesOf(count: number): readonly string[] {
    const { classes } = this.config;
    const { file, channels } = this.teacher;
    if (channels) {
      requireCount(this.teacher, this.output, count);
      return channels;
    }
    if (count === classes.length + 1) return [background, ...classes];
    if (count === classes.length && this.teacher.activation !== 'softmax') return classes;
    const remedy =
      count === classes.length
        ? 'where they are of the classes alone, say "activation": "sigmoid"'
        : 'name them in "channels"';
    throw new UserError(
      `teacher: ${this.output} of ${file} has ${count} ${count === 1 ? 'channel' : 'channels'}, where ${classes.length + 1} are expected, the background and ${classes.join(', ')}; ${remedy}.`,
    );
  }

  /** Of one image: the probabilities of the config's classes, and what they leave to the background. */
  private fill(
    to: Float32Array,
    from: Float32Array,
    channels: readonly string[],
    pixels: number,
  ): void {
    const { classes } = this.config;
    const { activation, file } = this.teacher;
    const places = classes.map((name) => channels.indexOf(name));
    const count = channels.length;
    const row = new Float64Array(count);
    for (let p = 0; p < pixels; p++) {
      for (let c = 0; c < count; c++) row[c] = from[c * pixels + p];
      if (activation === 'softmax') softmax(row);
      else if (activation === 'sigmoid') row.forEach((x, c) => (row[c] = 1 / (1 + Math.exp(-x))));
      let sum = 0;
      for (const place of places) {
        const value = row[place];
        if (!(value > -tolerance && value < 1 + tolerance))
          throw new UserError(
            `teacher: ${this.output} of ${file} has the value ${value}, which is no probability; "activation" says what makes probabilities of its output.`,
          );
        sum += value;
      }
      // Classes each by itself can add up to more than 1.
      const share = sum > 1 ? 1 / sum : 1;
      places.forEach((place, n) => (to[(n + 1) * pixels + p] = row[place] * share));
      to[p] = Math.max(0, 1 - sum * share);
    }
  }
}

/** Of rounding, in what are said to be probabilities. */
const tolerance = 1e-3;

function softmax(row: Float64Array): void {
  const max = row.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  row.forEach((x, c) => (sum += row[c] = Math.exp(x - max)));
  row.forEach((x, c) => (row[c] = x / sum));
}

function inputOf(model: ModelFile, config: DistillConfig, file: string): ModelTensor {
  const [input, ...others] = model.inputs;
  const fault = (text: string) => new UserError(`teacher: ${file} ${text}`);
  if (!input || others.length)
    throw fault(
      `has ${model.inputs.length} inputs (${model.inputs.map(({ name }) => name).join(', ')}), where one is needed: the images.`,
    );
  if (input.type !== 'float32')
    throw fault(`takes ${input.name} as ${input.type}; export it with an input of float32.`);
  const needed = [null, inputChannels(config), ...config.input.size];
  const fits =
    input.shape.length === needed.length &&
    input.shape.every((n, axis) => n === null || needed[axis] === null || n === needed[axis]);
  const shown = (shape: readonly (number | null)[]) =>
    `[${shape.map((n) => n ?? 'any').join(', ')}]`;
  if (!fits)
    throw fault(
      `takes ${input.name} ${shown(input.shape)} (images, channels, rows, columns), but this config prepares ${shown(needed)}; "input.size" and the domains' "channel" say what is prepared.`,
    );
  return input;
}

/** @throws UserError where the output has another number of channels than are named */
function requireCount({ file, channels }: OnnxFileConfig, output: string, count: number): void {
  if (channels && channels.length !== count)
    throw new UserError(
      `teacher.channels names ${channels.length} channels, but ${output} of ${file} has ${count}.`,
    );
}

function outputOf(model: ModelFile, teacher: OnnxFileConfig): string {
  const { file, output } = teacher;
  const names = model.outputs.map(({ name }) => name);
  if (output === undefined && names.length > 1)
    throw new UserError(
      `teacher: ${file} has ${names.length} outputs; say in "output" which one: ${names.join(', ')}.`,
    );
  const name = output ?? names[0];
  const found = model.outputs.find((one) => one.name === name);
  if (!found)
    throw new UserError(
      `teacher.output: ${file} has no output "${name}"; it has ${names.join(', ')}.`,
    );
  const count = found.shape[1] ?? null;
  if (count !== null) requireCount(teacher, name, count);
  return name;
}
