/** A shared key as signers and verifiers know it, at a path of its requests. All of it is public. */
export type SharedKey = {
  /** t: signers needed. */
  readonly threshold: number;
  /** The sharing's public polynomial V_0 .. V_{t−1}, encoded points: f(X)·G = Σ X^l·V_l. */
  readonly V: readonly Uint8Array[];
  /** The public key as clients see it, without a path: the encoding of V_0, or for Taproot x(V_0 + tweak). */
  readonly publicKey: Uint8Array;
  /** Where a request means a key derived from this one. */
  readonly derivation?: {
    /** 32 bytes. */
    readonly chainCode: Uint8Array;
    /** Numbers below 2^31; empty means the key itself. */
    readonly path: readonly number[];
  };
};

/**
 * A key as records, facts and certificates alike describe it, at a path of its requests.
 *
 * @param path - Empty for the key itself.
 */
export function sharedKey(
  key: {
    readonly threshold: number;
    readonly publicPolynomial: readonly Uint8Array[];
    readonly publicKey: Uint8Array;
    readonly chainCode: Uint8Array;
  },
  path: readonly number[],
): SharedKey {
  const { threshold, publicPolynomial: V, publicKey, chainCode } = key;
  return { threshold, V, publicKey, derivation: { chainCode, path } };
}
