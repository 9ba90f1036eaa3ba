/** What a `*.distill.jsonc` file says. `npm run generate` writes it to distill.schema.json for editors. */
import Type, { type Static } from 'typebox';
import { evaluationOptions } from '../evaluation/options';
import { baselinesChoice } from '../method/baselines';
import { methodsChoice } from '../method/catalogue';
import { methodOptions } from '../method/options';
import { networkChoice, teacherChoice } from '../networks/catalogue';
import { named, settings } from '../options';
import { trainingOptions } from '../training/options';
import { deviceChoice } from './device';
import { domainOptions } from './domain';
import { inputOptions } from './input';
import { cacheOptions, outputOptions } from './output';

export const distillation = settings(
  {
    $schema: Type.Optional(Type.String({ markdownDescription: 'The schema of this file.' })),
    variables: Type.Optional(
      named(Type.String(), {
        markdownDescription:
          "Values of `${name}` in patterns and paths. The command line's `--set name=value` and the environment's `MEDDISTILL_NAME` come first.",
        examples: [{ data: './data' }],
      }),
    ),
    classes: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      maxItems: 254,
      uniqueItems: true,
      markdownDescription: 'Names of the structures to segment, without the background.',
      examples: [['liver'], ['vessel']],
    }),
    domains: named(domainOptions, {
      minProperties: 1,
      markdownDescription:
        'The data by domain: at least one `source`, and any number of `target` domains.',
    }),
    input: inputOptions,
    teacher: teacherChoice({ markdownDescription: 'The large network.', default: 'unet' }),
    student: networkChoice({
      markdownDescription: 'The small network.',
      default: 'mobilenetv2-unet',
    }),
    methods: methodsChoice,
    baselines: baselinesChoice,
    method: methodOptions,
    training: trainingOptions,
    evaluation: evaluationOptions,
    device: deviceChoice,
    threads: Type.Integer({
      markdownDescription: 'Threads of the processor; 0: one per core.',
      default: 0,
      minimum: 0,
      maximum: 256,
    }),
    output: outputOptions,
    cache: cacheOptions,
  },
  {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Distillation',
    markdownDescription:
      'A MedDistill distillation: from labelled images of one or several sources and a large network to a small one that works on targets it never saw.',
    // Their defaults are what editors write first: a file says which networks it means.
    required: ['teacher', 'student'],
    defaultSnippets: [
      {
        label: 'Distillation',
        description: 'A source, a target, a teacher and a student',
        body: {
          classes: ['${1:liver}'],
          domains: {
            '${2:ct}': {
              role: 'source',
              images: '${3:ct/images/{case\\}.nii.gz}',
              labels: '${4:ct/labels/{case\\}.nii.gz}',
            },
            '${5:mr}': {
              role: 'target',
              images: '${6:mr/images/{case\\}.nii.gz}',
              labels: '${7:mr/labels/{case\\}.nii.gz}',
            },
          },
          teacher: 'unet',
          student: 'mobilenetv2-unet',
        },
      },
    ],
  },
);

/** A config file with its defaults filled in. */
export type Distillation = Static<typeof distillation>;
