/** The setting `method`: what all distilled students have in common, and the terms of GKD. */
import Type, { type Static } from 'typebox';
import { choice, settings } from '../options';
import { viewAppearanceOptions } from '../batches/augmentation';
import { gkdTerms } from './gkd/options';

const weight = (markdownDescription: string, value: number) =>
  Type.Number({ markdownDescription, default: value, minimum: 0 });

export const methodOptions = settings(
  {
    psae: settings(
      {
        input: choice(
          {
            image: 'The image.',
            mask: "The label map: anatomy without the scanner's style, which a network's bottleneck hardly knows.",
          },
          { markdownDescription: 'What it reads. **Our choice.** ', default: 'image' },
        ),
        channels: Type.Integer({
          markdownDescription:
            'Length K of the semantic and domain-invariant vectors. **Published method.** 512.',
          default: 512,
          minimum: 4,
          maximum: 4096,
        }),
      },
      {
        markdownDescription:
          'The pre-trained semantic autoencoder, which regularises the alignment networks.',
      },
    ),
    act: settings(
      {
        output: weight('Output reconstruction.', 10),
        regularisation: weight('Regularisation towards the semantic vector.', 1),
        frame: weight("The student's vector towards the teacher's of the same view.", 1),
        consistency: weight('Consistency of augmented views.', 0.1),
      },
      {
        markdownDescription:
          'Weights of alignment consistency training beside feature reconstruction, which has weight 1. **Our choice.** ',
      },
    ),
    augmentations: Type.Integer({
      markdownDescription:
        'Augmented views of each image. **Published method.** 4, read off a figure.',
      default: 4,
      minimum: 2,
      maximum: 16,
    }),
    views: viewAppearanceOptions,
    ...gkdTerms,
    scale: choice(
      {
        gradient:
          "The norm of each term's gradient has a share, `share`, of that of the labels' terms, found anew now and then.",
        match: "Each term is scaled to the cross-entropy's size at the first step.",
        none: 'As they are.',
      },
      { markdownDescription: "Size of GKD's terms. **Our choice.** ", default: 'gradient' },
    ),
    share: Type.Number({
      markdownDescription:
        "With `scale` `gradient`: the norm of each term's gradient, weight 1, as a share of that of the labels' terms. **Our choice.** ",
      default: 0.3,
      exclusiveMinimum: 0,
      maximum: 10,
    }),
    supervise: choice(
      {
        views: 'On the images and their augmented views, whose labels are warped with them.',
        images: 'On the images alone.',
      },
      {
        markdownDescription:
          'What students learn from labels on; the control too. **Published method:** `images`. **Our choice** by default: ',
        default: 'views',
      },
    ),
    studentStart: choice(
      {
        warmup: 'From the warm-up student.',
        random: 'From fresh weights; the control too.',
      },
      { markdownDescription: 'Where the student starts. **Our choice.** ', default: 'warmup' },
    ),
    fsd: settings(
      {
        dims: Type.Integer({
          markdownDescription: 'Principal components.',
          default: 64,
          minimum: 1,
        }),
        vectors: Type.Integer({
          markdownDescription: 'At most so many vectors of a domain.',
          default: 256,
          minimum: 2,
        }),
      },
      { markdownDescription: 'Fréchet Semantic Distance. **Our choice.** ' },
    ),
  },
  {
    markdownDescription:
      'Generalizable knowledge distillation (Qi et al., IEEE JBHI 2024), and what all distilled students have in common.',
  },
);

export type MethodOptions = Static<typeof methodOptions>;
