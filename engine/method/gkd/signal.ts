import type { Signal, VectorExchange } from '../../contract/signal';
import { mean } from '../../metrics/statistics';
import type { Random } from '../../random';

/** Vectors [B (1 + N), K] as arrays: all images first, then the views image by image. */
type Vectors = readonly Float64Array[];

/** What both networks' vectors of the same rows carry; `temperature` is that of the graphs. */
export function vectorSignal(
  teacher: Vectors,
  student: Vectors,
  images: number,
  temperature: number,
): Omit<Signal, 'exchange'> {
  const rows = teacher.length;
  const views = rows / images - 1;
  const imageOf = (row: number) => (row < images ? row : Math.floor((row - images) / views));
  const [t, s] = [teacher, student].map((vectors) => centred(vectors).map(unit));
  const cosines = { sameView: [], sameImage: [], otherImage: [] } as Record<
    keyof Signal['cosine'],
    number[]
  >;
  let found = 0;
  for (let a = 0; a < rows; a++) {
    let best = 0;
    let most = -Infinity;
    for (let b = 0; b < rows; b++) {
      const cosine = dot(s[a], t[b]);
      if (cosine > most) [best, most] = [b, cosine];
      const kind = a === b ? 'sameView' : imageOf(a) === imageOf(b) ? 'sameImage' : 'otherImage';
      cosines[kind].push(cosine);
    }
    if (imageOf(best) === imageOf(a)) found++;
  }
  const entropies = (of: (vectors: Vectors) => number) => ({
    teacher: of(teacher),
    student: of(student),
  });
  return {
    images,
    views,
    cosine: {
      sameView: mean(cosines.sameView),
      sameImage: mean(cosines.sameImage),
      otherImage: mean(cosines.otherImage),
    },
    retrieval: { share: found / rows, chance: 1 / images },
    entropy: {
      intra: entropies((v) => intraEntropy(v.map(unit), images, temperature)),
      inter: entropies((v) => interEntropy(v.map(unit).slice(images), temperature)),
    },
    spread: entropies((v) => spreadOf(v.map(unit))),
  };
}

/**
 * Own vectors against others', image by image: `own` and `other` are divergences per image. The test flips the signs of the
 * differences, as none would matter more than the other if it did not matter whose a vector is.
 */
export function exchangeOf(
  own: readonly number[],
  other: readonly number[],
  mean_: readonly number[],
  random: Random,
): VectorExchange {
  const differences = other.map((value, i) => value - own[i]);
  const observed = mean(differences);
  let asLarge = 1;
  for (let n = 0; n < permutations; n++) {
    const flipped = mean(differences.map((d) => (random.chance(0.5) ? d : -d)));
    if (flipped >= observed) asLarge++;
  }
  return { own: mean(own), other: mean(other), mean: mean(mean_), p: asLarge / (permutations + 1) };
}
const permutations = 1999;

/** Of the star from each image to its views. */
function intraEntropy(z: Vectors, images: number, temperature: number): number {
  const views = z.length / images - 1;
  return mean(
    z
      .slice(0, images)
      .map((anchor, b) =>
        relativeEntropy(
          z
            .slice(images + b * views, images + (b + 1) * views)
            .map((view) => dot(anchor, view) / temperature),
        ),
      ),
  );
}

/** Of each view's edges to all others. */
const interEntropy = (views: Vectors, temperature: number): number =>
  mean(
    views.map((view, i) =>
      relativeEntropy(
        views.flatMap((other, j) => (i === j ? [] : [dot(view, other) / temperature])),
      ),
    ),
  );

/** Entropy of a softmax over that of a uniform distribution. */
function relativeEntropy(logits: readonly number[]): number {
  const most = Math.max(...logits);
  const weights = logits.map((x) => Math.exp(x - most));
  const total = weights.reduce((a, b) => a + b, 0);
  const entropy = weights.reduce((sum, w) => {
    const p = w / total;
    return p > 0 ? sum - p * Math.log(p) : sum;
  }, 0);
  return entropy / Math.log(logits.length);
}

function centred(vectors: Vectors): Float64Array[] {
  const sum = new Float64Array(vectors[0].length);
  for (const v of vectors) v.forEach((x, i) => (sum[i] += x));
  return vectors.map((v) => v.map((x, i) => x - sum[i] / vectors.length));
}

const spreadOf = (vectors: Vectors): number =>
  centred(vectors).reduce((sum, v) => sum + dot(v, v), 0) / (vectors.length - 1);

function unit(v: Float64Array): Float64Array {
  const length = Math.sqrt(dot(v, v));
  return length > 0 ? v.map((x) => x / length) : v;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** A row of a graph that prefers nothing, in practice. */
const uniform = 0.98;
const significant = 0.05;

/** What of the method carries nothing by these figures, and what to change: sentences, none where all is well. */
export function signalFaults(signal: Signal): string[] {
  const { cosine, entropy, exchange, retrieval } = signal;
  const faults: string[] = [];
  const number = (x: number) => x.toFixed(3);
  if (retrieval.share < 2 * retrieval.chance)
    faults.push(
      `The student's vectors hardly tell which image they are of: ${number(retrieval.share)} find their own image's teacher vector, by chance ${number(retrieval.chance)} (cosine to the same view ${number(cosine.sameView)}, to other images ${number(cosine.otherImage)}). More steps of training.stages.act, or method.act.frame above its present weight, may help.`,
    );
  for (const graph of ['intra', 'inter'] as const)
    if (entropy[graph].teacher > uniform)
      faults.push(
        `The ${graph}-coupling graph prefers nothing: the teacher's rows have ${number(entropy[graph].teacher)} of a uniform row's entropy, so method.${graph} teaches next to nothing. A smaller method.temperature sharpens it; a weight of 0 saves its time.`,
      );
  const { own, other, p } = exchange.studentToTeacher;
  if (p > significant)
    faults.push(
      `Cross distillation does not notice whose vector it is given: divergence ${own.toPrecision(3)} with an image's own, ${other.toPrecision(3)} with another's (p = ${number(p)}), so method.cross teaches no more than the skips carry. A larger bottleneck (a larger input, a student with a smaller stride) or more steps of training.stages.act may help; methods "kd" needs no vectors.`,
    );
  return faults;
}
