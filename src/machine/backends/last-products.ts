/**
 * The last product of each point that is still in use. The rho_i·E_i of a signature's R come again in the check of a share,
 * with the same objects.
 */
export class LastProducts<P extends object> {
  readonly #products = new WeakMap<P, { readonly scalar: bigint; readonly product: P }>();

  /** scalar·point, computed unless it was the last one of this point. Public values only: it takes a different time. */
  of(point: P, scalar: bigint, compute: () => P): P {
    const last = this.#products.get(point);
    if (last?.scalar === scalar) return last.product;
    const product = compute();
    this.#products.set(point, { scalar, product });
    return product;
  }
}
