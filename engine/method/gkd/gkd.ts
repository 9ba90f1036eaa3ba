import type { Value } from '../../graph/graph';
import { overruling, settings } from '../../options';
import type { Term } from '../../training/stage';
import { method, type Seen } from '../method';
import type { MethodOptions } from '../options';
import { firstEncodings, firstRows } from '../rows';
import { AlignmentNetwork, alignmentNames } from './alignment';
import { alignmentStage } from './alignment-stage';
import { interLoss, intraLoss } from './contrastive-graphs';
import { crossTerms, type Side } from './cross-distillation';
import { gkdTerms, type GkdOptions } from './options';
import { psaeStage } from './psae-stage';

/**
 * Generalizable knowledge distillation: dual contrastive graphs (DCGD) over domain-invariant vectors, and cross distillation with
 * exchanged headers (DICD). The images themselves are supervised [published]; their views serve the graphs, and the cross terms with
 * `cross.scope` "views" [our choice].
 */
export const gkd = method({
  name: 'gkd',
  title: 'GKD',
  source: 'Qi et al., IEEE JBHI 2024, doi 10.1109/jbhi.2024.3385098',
  summary:
    'Generalizable knowledge distillation: contrastive graphs over domain-invariant vectors, and cross distillation with exchanged headers.',
  formula:
    "τ² KL(T || S) of the softmax of the edges / τ, of both graphs + KL of the teacher's prediction from those with exchanged headers",
  options: settings(overruling(gkdTerms), {
    markdownDescription:
      'Generalizable knowledge distillation (Qi et al., IEEE JBHI 2024). What is left out is as in `method`.',
  }),
  complete: (given, shared) => merged(given, shared),
  before: [psaeStage, alignmentStage],
  views: (_, allowed) => allowed,
  predicts: () => 'images',
  byImage: ({ inter }) => inter.weight === 0 || inter.scope === 'image',
  contrastiveGraphs: ({ inter: { scope } }) => ({ scope }),
  terms(seen, o) {
    const student = side(seen, 'student');
    const teacher = side(seen, 'teacher');
    return {
      ...graphTerms(seen, teacher.vectors, student.vectors, o),
      ...crossTermsOf(seen, teacher, student, o),
    };
  },
});

/** A student's own terms over those of all. */
function merged(given: Record<string, unknown>, shared: MethodOptions): GkdOptions {
  const whole = Object.keys(gkdTerms).map((name) => {
    const [all, own] = [shared[name as keyof GkdOptions], given[name]];
    const group = typeof all === 'object' && typeof own === 'object';
    return [name, group ? { ...all, ...own } : (own ?? all)];
  });
  return Object.fromEntries(whole) as GkdOptions;
}

/** A network with its alignment network and its vectors v_m, of all rows. */
function side({ graph, setup, ...seen }: Seen, role: 'teacher' | 'student'): Side {
  const { network, encoding } = seen[role];
  const alignment = new AlignmentNetwork(graph, alignmentNames[role], setup.method.psae.channels);
  return { network, alignment, encoding, vectors: alignment.encode(encoding.bottleneck) };
}

/** DCGD: the student's graphs are to be the teacher's. */
function graphTerms(
  { images, scaling }: Seen,
  teacher: Value,
  student: Value,
  { temperature, graphLoss, intra, inter }: GkdOptions,
): Record<string, Term> {
  const terms: Record<string, Term> = {};
  const options = { temperature, loss: graphLoss };
  if (intra.weight > 0)
    terms['intra'] = {
      value: intraLoss(teacher, student, images, options),
      weight: intra.weight,
      ...scaling,
      title: 'DCGD intra-coupling',
      color: 2,
    };
  if (inter.weight > 0)
    terms['inter'] = {
      value: interLoss(teacher, student, images, inter.scope, options),
      weight: inter.weight,
      ...scaling,
      title: 'DCGD inter-coupling',
      color: 3,
    };
  return terms;
}

const crossTitles = {
  studentToTeacher: 'DICD student → teacher',
  teacherToStudent: 'DICD teacher → student',
};

/** DICD: each network decodes the other's vector, on the images or on all their views. */
function crossTermsOf(
  { images, views, scaling }: Seen,
  teacher: Side,
  student: Side,
  { cross: { weight, scope } }: GkdOptions,
): Record<string, Term> {
  if (weight === 0) return {};
  const count = scope === 'views' ? images * (1 + views) : images;
  const of = (whole: Side): Side => ({
    ...whole,
    encoding: firstEncodings(whole.encoding, count),
    vectors: firstRows(whole.vectors, count),
  });
  const teacherSide = of(teacher);
  const prediction = teacher.network.decode(teacherSide.encoding);
  const values = crossTerms(teacherSide, of(student), prediction);
  return Object.fromEntries(
    (['studentToTeacher', 'teacherToStudent'] as const).map((name, i) => [
      name,
      { value: values[name], weight, ...scaling, title: crossTitles[name], color: 4 + i },
    ]),
  );
}
