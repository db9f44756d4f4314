export type Point = { readonly signatures: number; readonly value: number };

/** By least squares over the points of the second half of a run: how much the value grows with a signature. */
export function slopePerSignature(points: readonly Point[]): number {
  const last = points.at(-1)?.signatures ?? 0;
  const late = points.filter(({ signatures }) => 2 * signatures >= last);
  const mean = (of: (point: Point) => number): number =>
    late.reduce((sum, point) => sum + of(point), 0) / late.length;
  const [x, y] = [mean(({ signatures }) => signatures), mean(({ value }) => value)];
  const spread = late.reduce((sum, { signatures }) => sum + (signatures - x) ** 2, 0);
  if (spread === 0) return 0;
  return (
    late.reduce((sum, { signatures, value }) => sum + (signatures - x) * (value - y), 0) / spread
  );
}
