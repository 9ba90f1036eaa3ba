import Type, { type TSchemaOptions } from 'typebox';
import { anyOf, choice, forms, type Chosen } from '../options';
import type { Architecture } from './architecture';
import { mobileNetV2UNet } from './mobilenetv2-unet';
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

/** A network in a config: by its name alone, or with options. */
export const networkChoice = (about: TSchemaOptions) =>
  anyOf(
    [
      choice(
        Object.fromEntries(architectures.map(({ name, byDefault }) => [name, byDefault])) as Record<
          NetworkConfig['network'],
          string
        >,
        { markdownDescription: 'A network with its default size.' },
      ),
      ...networkForms,
    ],
    about,
  );

export const architectureOf = ({ network }: NetworkConfig): Architecture =>
  architectures.find(({ name }) => name === network)!;
