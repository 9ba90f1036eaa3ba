import assert from 'node:assert/strict';
import { frechetDistance, frechetSemanticDistance } from '../../../engine/metrics/fsd';
import { Random } from '../../../engine/random';
import golden from './golden/metrics.json';

const vectors = (rows: number[][]) => rows.map((row) => Float64Array.from(row));

function draw(n: number, d: number, seed: number): Float64Array[] {
  const random = new Random(seed);
  return Array.from({ length: n }, () =>
    Float64Array.from({ length: d }, (_, i) => (1 + i) * random.normal()),
  );
}

const near = (found: number, expected: number, tolerance = 1e-9) =>
  assert.ok(
    Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${found} is not ${expected}`,
  );

describe('frechetDistance', () => {
  for (const { p, q, fsd } of golden.distances)
    it(`agrees with SciPy's matrix square root, ${p.length} and ${q.length} vectors of ${p[0].length}`, () => {
      near(frechetDistance(vectors(p), vectors(q)), fsd, 1e-6);
    });

  it('is 0 from a set to itself, and the same both ways', () => {
    const [p, q] = [draw(20, 5, 1), draw(15, 5, 2)];
    assert.ok(frechetDistance(p, p) < 1e-9);
    near(frechetDistance(p, q), frechetDistance(q, p));
  });

  it('is (m1 - m2)^2 + (s1 - s2)^2 in one dimension', () => {
    const p = [1, 3, 5].map((x) => Float64Array.of(x));
    const q = [10, 10.5, 11].map((x) => Float64Array.of(x));
    near(frechetDistance(p, q), (3 - 10.5) ** 2 + (2 - 0.5) ** 2);
  });

  it('grows by |u|^2 with a shift by u', () => {
    const p = draw(20, 3, 1);
    const shifted = p.map((v) => v.map((x, i) => x + [1, -2, 3][i]));
    near(frechetDistance(p, shifted), 14);
  });

  it('does not change where both sets are turned', () => {
    const [p, q] = [draw(20, 2, 1), draw(20, 2, 2)];
    const turn = ([x, y]: Float64Array) => Float64Array.of(0.6 * x - 0.8 * y, 0.8 * x + 0.6 * y);
    near(frechetDistance(p.map(turn), q.map(turn)), frechetDistance(p, q));
  });

  it('is finite for fewer vectors than dimensions, and for equal vectors', () => {
    assert.ok(Number.isFinite(frechetDistance(draw(3, 10, 1), draw(4, 10, 2))));
    const equal = [Float64Array.of(1, 2), Float64Array.of(1, 2)];
    near(frechetDistance(equal, equal), 0);
  });

  it('needs two vectors on each side', () => {
    const fault = {
      name: 'UserError',
      message: 'The Fréchet Semantic Distance needs at least 2 vectors of each domain; one has 1.',
    };
    assert.throws(() => frechetDistance(draw(1, 3, 1), draw(5, 3, 2)), fault);
    assert.throws(() => frechetDistance(draw(5, 3, 1), draw(1, 3, 2)), fault);
  });
});

describe('frechetSemanticDistance', () => {
  for (const { basis, p, q, dims, kept, fsd } of golden.projected)
    it(`agrees with NumPy and SciPy on ${dims} components of ${basis.length} vectors of ${basis[0].length}`, () => {
      const found = frechetSemanticDistance(
        vectors(p),
        vectors(q),
        vectors(basis),
        dims,
        new Random(1),
      )!;
      near(found.value, fsd, 1e-6);
      assert.deepEqual([found.n, found.dims], [p.length, kept]);
    });

  it('compares at equal n, drawn by the given random state', () => {
    const [p, q] = [draw(40, 3, 1), draw(10, 3, 2)];
    const of = (seed: number) => frechetSemanticDistance(p, q, p, 3, new Random(seed))!;
    assert.deepEqual(of(1), of(1));
    assert.equal(of(1).n, 10);
    assert.notEqual(of(1).value, of(2).value);
  });

  it('leaves out components without variance', () => {
    const flat = draw(12, 2, 1).map(([x, y]) => Float64Array.of(x, y, x + y, 0));
    const other = draw(12, 4, 2);
    assert.equal(frechetSemanticDistance(flat, other, flat, 4, new Random(1))!.dims, 2);
  });

  it('is none where the basis does not vary', () => {
    const same = [1, 2, 3].map(() => Float64Array.of(1, 2));
    assert.equal(
      frechetSemanticDistance(draw(3, 2, 1), draw(3, 2, 2), same, 2, new Random(1)),
      null,
    );
  });
});
