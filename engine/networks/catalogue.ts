import Type, { type TSchemaOptions } from 'typebox';
import { UserError } from '../errors';
import { anyOf, choice, forms, type Chosen } from '../options';
import type { Architecture } from './architecture';
import { mobileNetV2UNet } from './mobilenetv2-unet';
import { onnxFileForm, type OnnxFileConfig } from './onnx-file';
import { unet } from './unet';

/** The networks that a config can choose. */
export const architectures = [unet, mobileNetV2UNet] as const;

/** What all of them have beside their own options. */
const shared = {
  weights: Type.Optional(
    Type.String({
      markdownDescription:
        'A safetensors file with trained weights: training of this network is then skipped.',
    }),
  ),
};

/** A network with its options, by `network`. */
export type NetworkConfig = Chosen<'network', (typeof architectures)[number], typeof shared>;

/** The forms of `NetworkConfig` in a config. */
export const networkForms = forms('network', architectures, shared);

/** By its name alone. */
const nameChoice = choice(
  Object.fromEntries(architectures.map(({ name, byDefault }) => [name, byDefault])) as Record<
    NetworkConfig['network'],
    string
  >,
  { markdownDescription: 'A network with its default size.' },
);

/** A network in a config: by its name alone, or with options. */
export const networkChoice = (about: TSchemaOptions) => anyOf([nameChoice, ...networkForms], about);

/** A teacher in a config: such a network, or one that somebody else has trained. */
export const teacherChoice = (about: TSchemaOptions) =>
  anyOf([nameChoice, ...networkForms, onnxFileForm], about);

export type TeacherConfig = NetworkConfig | OnnxFileConfig;

export const isOnnxFile = (config: TeacherConfig): config is OnnxFileConfig =>
  config.network === 'onnx';

/** A network that is built here. @throws UserError for an ONNX file, whose inside is not looked into */
export function builtNetwork(config: TeacherConfig): NetworkConfig {
  if (!isOnnxFile(config)) return config;
  throw new UserError(
    `The teacher ${config.file} is an ONNX file, of which predictions alone are taken; this needs its features.`,
  );
}

/** The file with a network's trained weights; undefined: it is to be trained. */
export const weightsOf = (config: TeacherConfig): string | undefined =>
  isOnnxFile(config) ? config.file : config.weights;

export const architectureOf = ({ network }: NetworkConfig): Architecture =>
  architectures.find(({ name }) => name === network)!;
