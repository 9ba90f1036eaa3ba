import type { FrechetSemanticDistance } from '../contract/metrics';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { UserError } from '../errors';
import type { Random } from '../random';

type Vectors = readonly Float64Array[];

/**
 * Fréchet Semantic Distance of two sets of vectors,
 * |mu_P - mu_Q|^2 + tr(C_P + C_Q - 2 (R C_Q R)^1/2) with R = C_P^1/2: the squared distance of the Gaussians with their means and unbiased
 * covariances, in float64, negative eigenvalues from rounding taken as 0. Formula as FID's (Heusel et al., NeurIPS 2017).
 * @throws UserError for fewer than 2 vectors on a side
 */
export function frechetDistance(p: Vectors, q: Vectors): number {
  requireTwo(p, q);
  const meanP = meanOf(p);
  const meanQ = meanOf(q);
  const covarianceP = covariance(p, meanP);
  const covarianceQ = covariance(q, meanQ);
  const root = squareRoot(covarianceP);
  const cross = squareRoot(root.mmul(covarianceQ).mmul(root));
  const shift = meanP.reduce((sum, m, i) => sum + (m - meanQ[i]) ** 2, 0);
  const value = shift + covarianceP.trace() + covarianceQ.trace() - 2 * cross.trace();
  return Math.max(0, value);
}

/**
 * The distance as it is reported: both sides at equal n (the larger one subsampled by `random`), on at most `dims` principal
 * components of `basis` (the source's vectors), since fewer vectors than dimensions would bias it upward. Null where the basis has no
 * component, its vectors being all the same, as those of constant images.
 * @throws UserError for fewer than 2 vectors
 */
export function frechetSemanticDistance(
  p: Vectors,
  q: Vectors,
  basis: Vectors,
  dims: number,
  random: Random,
): FrechetSemanticDistance | null {
  requireTwo(p, q);
  requireTwo(basis, basis);
  const n = Math.min(p.length, q.length);
  const { mean, axes } = principalComponents(basis, Math.min(dims, n - 1));
  if (axes.length === 0) return null;
  const project = (vectors: Vectors) => {
    const chosen = vectors.length > n ? random.shuffle(vectors).slice(0, n) : vectors;
    return chosen.map((v) =>
      Float64Array.from(axes, (axis) => axis.reduce((sum, a, i) => sum + a * (v[i] - mean[i]), 0)),
    );
  };
  return { value: frechetDistance(project(p), project(q)), n, dims: axes.length };
}

function requireTwo(p: Vectors, q: Vectors): void {
  const fewest = Math.min(p.length, q.length);
  if (fewest < 2)
    throw new UserError(
      `The Fréchet Semantic Distance needs at least 2 vectors of each domain; one has ${fewest}.`,
    );
}

function meanOf(vectors: Vectors): Float64Array {
  const sum = new Float64Array(vectors[0].length);
  for (const v of vectors) v.forEach((x, i) => (sum[i] += x));
  return sum.map((x) => x / vectors.length);
}

function centred(vectors: Vectors, mean: Float64Array): Matrix {
  return new Matrix(vectors.map((v) => v.map((x, i) => x - mean[i])));
}

function covariance(vectors: Vectors, mean: Float64Array): Matrix {
  const c = centred(vectors, mean);
  return c
    .transpose()
    .mmul(c)
    .div(vectors.length - 1);
}

function squareRoot(symmetric: Matrix): Matrix {
  const { eigenvectorMatrix: v, realEigenvalues } = new EigenvalueDecomposition(symmetric, {
    assumeSymmetric: true,
  });
  const roots = Matrix.diag(realEigenvalues.map((x) => Math.sqrt(Math.max(0, x))));
  return v.mmul(roots).mmul(v.transpose());
}

/**
 * The leading principal axes, unit vectors. With fewer vectors than dimensions they come from the vectors' Gram matrix, whose size is
 * the number of vectors. Axes without variance are left out.
 */
export function principalComponents(
  vectors: Vectors,
  count: number,
): { mean: Float64Array; axes: Float64Array[] } {
  const mean = meanOf(vectors);
  const c = centred(vectors, mean);
  const small = vectors.length < mean.length;
  const product = small ? c.mmul(c.transpose()) : c.transpose().mmul(c);
  const { eigenvectorMatrix: v, realEigenvalues } = new EigenvalueDecomposition(product, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const largest = Math.max(realEigenvalues[order[0]], 0);
  const axes = order
    .filter((i) => realEigenvalues[i] > 1e-12 * largest)
    .slice(0, Math.max(1, count))
    .map((i) => {
      const column = Matrix.columnVector(v.getColumn(i));
      const axis = small ? c.transpose().mmul(column) : column;
      return Float64Array.from(axis.div(axis.norm()).to1DArray());
    });
  return { mean, axes };
}
