type Vector = readonly [bigint, bigint];

function dot([a, b]: Vector, [c, d]: Vector): bigint {
  return a * c + b * d;
}

function minus([a, b]: Vector, factor: bigint, [c, d]: Vector): Vector {
  return [a - factor * c, b - factor * d];
}

/** The whole number nearest to a quotient of whole numbers. */
function nearest(dividend: bigint, divisor: bigint): bigint {
  const [n, d] = divisor < 0n ? [-dividend, -divisor] : [dividend, divisor];
  const doubled = 2n * n + d;
  const floor = doubled / (2n * d);
  return doubled < 0n && doubled % (2n * d) !== 0n ? floor - 1n : floor;
}

/** Short vectors of a lattice of two dimensions (Lagrange). */
function reduced(first: Vector, second: Vector): readonly [Vector, Vector] {
  let [a, b] = [first, second];
  for (;;) {
    if (dot(b, b) < dot(a, a)) [a, b] = [b, a];
    const factor = nearest(dot(a, b), dot(a, a));
    if (factor === 0n) return [a, b];
    b = minus(b, factor, a);
  }
}

/**
 * The w of sum = k·w + addend modulo N, if w and the addend are so small that there is one only.
 *
 * @param scale - What the addend’s bound is above that of w.
 */
export function smallFactor(k: bigint, sum: bigint, N: bigint, scale: bigint): bigint {
  const [a, b] = reduced([scale, k], [0n, N]);
  const target: Vector = [0n, sum];
  // Babai: one coordinate after the other, by Cramer’s rule.
  const determinant = a[0] * b[1] - a[1] * b[0];
  const along = nearest(target[0] * b[1] - target[1] * b[0], determinant);
  const across = nearest(a[0] * target[1] - a[1] * target[0], determinant);
  const [w] = minus(minus([0n, 0n], -along, a), -across, b);
  return w / scale;
}
