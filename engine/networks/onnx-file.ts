import Type, { type Static } from 'typebox';
import { choice, settings } from '../options';

/** What the output of an ONNX teacher is called that is no class of the config. */
export const background = 'background';

/** A teacher that somebody else has trained, as an ONNX file: of it predictions are taken, and nothing of its inside. */
export const onnxFileForm = settings(
  {
    network: Type.Literal('onnx'),
    file: Type.String({
      markdownDescription:
        'The ONNX file, as other programs export it; its weights may lie in a file beside it. Its input are images [n, channels, rows, columns] of `input.size`, prepared as `domains` and `input` say.',
      minLength: 1,
    }),
    output: Type.Optional(
      Type.String({
        markdownDescription: 'Which of its outputs; may be left out where it has but one.',
        minLength: 1,
      }),
    ),
    activation: choice(
      {
        softmax: 'The output are logits of classes that exclude each other.',
        sigmoid: 'The output are logits of classes each by itself.',
        none: 'The output are probabilities already.',
      },
      {
        markdownDescription: 'What makes probabilities of its output.',
        default: 'softmax',
      },
    ),
    channels: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        uniqueItems: true,
        markdownDescription:
          "Names of the output's channels, in their order; those that are no `classes` belong to the background. Default: the background and the classes, or, where there are as many channels as classes, the classes.",
      }),
    ),
    scale: Type.Number({
      markdownDescription:
        'Each prepared value is multiplied by it before the network sees it, for one that was trained on other units.',
      default: 1,
    }),
    offset: Type.Number({ markdownDescription: 'Then this is added.', default: 0 }),
  },
  {
    title: 'ONNX file',
    markdownDescription:
      'A trained teacher as an ONNX file. Its predictions teach: by `kd`, `dkd` and `dist` with `"targets": "precomputed"`.',
    required: ['network', 'file'],
  },
);

/** A teacher that is an ONNX file. */
export type OnnxFileConfig = Static<typeof onnxFileForm>;
