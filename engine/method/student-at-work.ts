import type { Graph, Value } from '../graph/graph';
import { Network } from '../networks/network';
import type { Term } from '../training/stage';
import type { SeenNetwork } from './method';
import { firstEncodings, firstRows, imagesInput, labelsInput } from './rows';
import type { Setup } from './setup';
import { supervisedTerms } from './supervised';

/** The student as it is trained beside its labels, distilled or not. */
export interface StudentAtWork {
  /** All rows: the images, then the views image by image. */
  images: Value;
  student: SeenNetwork;
  /** On the images, and on all rows where the views are supervised or `predicted`. */
  logits: Value;
  /** One-hot, of all rows. */
  allLabels: Value;
  /** The rows that are supervised, and their labels. */
  supervised: Value;
  labels: Value;
  terms: Record<string, Term>;
}

/** Its batch norms see every row, and it learns from labels as `method.supervise` says. */
export function studentAtWork(
  graph: Graph,
  images: number,
  views: number,
  setup: Setup,
  predicted: 'images' | 'views',
): StudentAtWork {
  const all = images * (1 + views);
  const x = imagesInput(graph, setup, all);
  const allLabels = labelsInput(graph, setup, all);
  const network = new Network(graph, 'student', setup.student, setup.classes.length, true);
  const encoding = network.encode(x);
  const count = setup.method.supervise === 'views' ? all : images;
  const rows = predicted === 'views' ? all : count;
  const logits = network.decode(firstEncodings(encoding, rows));
  const supervised = firstRows(logits, count);
  const labels = firstRows(allLabels, count);
  return {
    images: x,
    student: { network, encoding },
    logits,
    supervised,
    allLabels,
    labels,
    terms: supervisedTerms(setup, supervised, labels),
  };
}
