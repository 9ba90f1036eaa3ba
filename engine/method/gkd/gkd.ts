import Type from 'typebox';
import type { MethodConfig } from '../../config/config';
import type { Value } from '../../graph/graph';
import type { Term } from '../../training/stage';
import type { Method, Seen } from '../method';
import { firstEncodings, firstRows } from '../rows';
import { AlignmentNetwork, alignmentNames } from './alignment';
import { alignmentStage } from './alignment-stage';
import { interLoss, intraLoss } from './contrastive-graphs';
import { crossTerms, type Side } from './cross-distillation';
import { psaeStage } from './psae-stage';

type Options = Pick<MethodConfig, 'temperature' | 'graphLoss' | 'intra' | 'inter' | 'cross'>;

/**
 * Generalizable knowledge distillation: dual contrastive graphs (DCGD) over domain-invariant vectors, and cross distillation with
 * exchanged headers (DICD). The images themselves are supervised [published]; their views serve the graphs, and the cross terms with
 * `cross.scope` "views" [our choice].
 */
export const gkd: Method = {
  name: 'gkd',
  title: 'GKD',
  source: 'Qi et al., IEEE JBHI 2024, doi 10.1109/jbhi.2024.3385098',
  description:
    'Generalizable knowledge distillation: contrastive graphs over domain-invariant vectors, and cross distillation with exchanged headers.',
  options: Type.Object({}),
  before: [psaeStage, alignmentStage],
  views: (_, allowed) => allowed,
  predicts: () => 'images',
  contrastiveGraphs: (options) => ({ scope: (options as Options).inter.scope }),
  terms(seen, options) {
    const o = options as Options;
    const student = side(seen, 'student');
    const teacher = side(seen, 'teacher');
    return {
      ...graphTerms(seen, teacher.vectors, student.vectors, o),
      ...crossTermsOf(seen, teacher, student, o),
    };
  },
};

/** A network with its alignment network and its vectors v_m, of all rows. */
function side({ graph, config, ...seen }: Seen, role: 'teacher' | 'student'): Side {
  const { network, encoding } = seen[role];
  const alignment = new AlignmentNetwork(graph, alignmentNames[role], config.method.psae.channels);
  return { network, alignment, encoding, vectors: alignment.encode(encoding.bottleneck) };
}

/** DCGD: the student's graphs are to be the teacher's. */
function graphTerms(
  { images, like }: Seen,
  teacher: Value,
  student: Value,
  { temperature, graphLoss, intra, inter }: Options,
): Record<string, Term> {
  const terms: Record<string, Term> = {};
  const options = { temperature, loss: graphLoss };
  if (intra.weight > 0)
    terms['intra'] = {
      value: intraLoss(teacher, student, images, options),
      weight: intra.weight,
      like,
      title: 'DCGD intra-coupling',
      color: 2,
    };
  if (inter.weight > 0)
    terms['inter'] = {
      value: interLoss(teacher, student, images, inter.scope, options),
      weight: inter.weight,
      like,
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
  { images, views, like }: Seen,
  teacher: Side,
  student: Side,
  { cross: { weight, scope } }: Options,
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
      { value: values[name], weight, like, title: crossTitles[name], color: 4 + i },
    ]),
  );
}
