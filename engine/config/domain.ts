import Type, { type Static } from 'typebox';
import { anyOf, choice, named, pair, settings } from '../options';
import { claheOptions } from '../preparation/clahe';
import { channelChoice, intensityChoice } from '../preparation/intensity';
import { labelValue } from '../preparation/labels';

/** `of` says which files, `belonging` how those of one folder belong to slices. */
const pattern = (of: string, belonging: string, examples?: string[]) =>
  Type.String({
    markdownDescription: `${of} A file pattern: \`*\`, \`**\`, \`?\` and placeholders \`{name}\` or \`{name:regex}\`. \`{case}\` (required) names the case, \`{subject}\` keeps cases of one person in one split, \`{slice}\` orders slices within a case; images, labels and masks belong together when the placeholders they share agree. ${belonging}Relative to this file; \`\${variable}\` is replaced.`,
    minLength: 1,
    ...(examples && { examples }),
  });

const share = (value: number) =>
  Type.Number({
    markdownDescription: 'Share of the cases, by subject.',
    default: value,
    minimum: 0,
    maximum: 1,
  });
const splits = ['train', 'validation', 'test'] as const;
const ids = (markdownDescription: string) => Type.Array(Type.String(), { markdownDescription });

/** Shares of the cases, or lists of them. */
const split = anyOf(
  [
    settings(
      { train: share(0.7), validation: share(0.1), test: share(0.2) },
      {
        title: 'SplitShares',
        markdownDescription: 'Shares that add up to 1.',
        required: [...splits],
      },
    ),
    settings(
      {
        train: ids('Ids of the training cases.'),
        validation: ids('Ids of the validation cases.'),
        test: ids('Ids of the test cases.'),
      },
      { title: 'SplitLists', markdownDescription: 'Lists of case ids.' },
    ),
  ],
  {
    markdownDescription:
      'Of a source: shares of the cases, or lists of case ids. All cases of a target are test cases.',
    default: { train: 0.7, validation: 0.1, test: 0.2 },
  },
);

export const domainOptions = settings(
  {
    role: choice(
      {
        source: 'Trained on; its validation cases choose checkpoints and thresholds.',
        target: 'Only evaluated on: never seen in training or in any choice.',
      },
      { markdownDescription: 'What the domain is for.' },
    ),
    images: pattern('Images.', 'A pattern with `/` at its end matches folders: DICOM series. ', [
      '${data}/ct/images/{case}.nii.gz',
      'images/{case}_{slice}.png',
      '${data}/ct/{case}/DICOM/',
    ]),
    labels: pattern(
      'Reference segmentations.',
      'A pattern with `/` at its end matches folders: a picture for each slice of the DICOM series, named as its file, or else in the order of its instance numbers. ',
      ['${data}/ct/labels/{case}.nii.gz', '${data}/ct/{case}/Ground/'],
    ),
    masks: Type.Optional(pattern('Field-of-view masks (anything above 0 is inside).', '')),
    values: Type.Optional(
      named(labelValue, {
        markdownDescription:
          'For each class, what means it in the label files: a value, several, everything above a threshold, or a colour. Default: 1 for the first class, 2 for the second, ...',
        examples: [{ liver: 1 }, { vessel: { above: 127 } }, { liver: { color: [180, 40, 40] } }],
      }),
    ),
    channel: channelChoice,
    intensity: intensityChoice,
    clahe: anyOf([Type.Boolean(), claheOptions], {
      markdownDescription: 'Contrast-limited adaptive histogram equalisation before normalisation.',
      default: false,
    }),
    spacing: Type.Optional(
      pair(Type.Number({ exclusiveMinimum: 0 }), {
        markdownDescription:
          '[row, column] pixel spacing in mm, for files that state none or a wrong one.',
      }),
    ),
    orientation: Type.Optional(
      Type.String({
        markdownDescription:
          'For pictures, which state none: where columns, rows and slices grow to in the patient, e.g. `LPS`.',
        pattern: '^(?=.*[LR])(?=.*[AP])(?=.*[SI])[LRAPSI]{3}$',
        patternErrorMessage:
          'three letters, one of each axis of the patient: L or R, A or P, S or I',
      }),
    ),
    series: Type.Optional(
      Type.String({
        markdownDescription:
          'Which DICOM series of a folder that holds several: its number, its description (`*` for any characters) or its UID; followed by `/2`, the second of those under one UID, as the message counts them.',
        minLength: 1,
        examples: ['4', 'T2*', '4/2'],
      }),
    ),
    frame: Type.Optional(
      Type.Integer({
        markdownDescription:
          'Which frame of images with several, from 0: of a NIfTI file with a fourth dimension, the page of a TIFF, the picture of an animated GIF, or of a DICOM series with several images at each position, such as echoes. Default: the first.',
        minimum: 0,
      }),
    ),
    labelFrame: Type.Optional(
      anyOf(
        [
          Type.Integer({ minimum: 0 }),
          Type.Literal('one-hot', {
            markdownDescription: 'The frames are the classes, the background first.',
          }),
        ],
        {
          markdownDescription:
            'Of label files and masks with several frames, such as NIfTI files with a fourth dimension: which one is read, from 0, or `one-hot` where the frames are the classes, background first: then 1 is the first class after the background. Without it such labels are refused.',
        },
      ),
    ),
    axis: choice(
      {
        axial: 'From feet to head.',
        coronal: 'From back to front.',
        sagittal: 'From right to left.',
      },
      { markdownDescription: 'Slicing axis of volumes.', default: 'axial' },
    ),
    fov: Type.Optional(
      choice(
        {
          provided: 'The masks.',
          estimated: 'The bright disc of a fundus photograph.',
          none: 'The whole image.',
        },
        {
          markdownDescription:
            'Field of view in which metrics count. Default: `provided` with `masks`, else `none`.',
        },
      ),
    ),
    split,
    maxCases: Type.Integer({
      markdownDescription: 'At most so many cases, evenly spread; 0: all.',
      default: 0,
      minimum: 0,
    }),
    maxSlices: Type.Integer({
      markdownDescription: 'At most so many slices of a case, evenly spread; 0: all.',
      default: 0,
      minimum: 0,
    }),
  },
  { title: 'Domain', markdownDescription: 'Data from one scanner, site or modality.' },
);

/** A domain in a file, with defaults filled in. */
export type Domain = Static<typeof domainOptions>;

export type Split = Static<typeof split>;
