import type { PartyIndex } from '../../../src/common/index.js';
import {
  PaillierPublicKey,
  randomScalar,
  RingPedersen,
  SecretPolynomial,
} from '../../../src/crypto/index.js';
import {
  signerWeight,
  weightedShare,
  type ParameterSet,
  type SignerSession,
} from '../../../src/gg20/index.js';
import { seededRandom } from './frost-exchange.js';
import { testMaterial } from './gg20.js';

export type TestKey = {
  readonly x: bigint;
  readonly PK: unknown;
  readonly sessions: ReadonlyMap<PartyIndex, SignerSession<unknown>>;
};

/** A key dealt to n participants with threshold |signers|, and the session of each signer. */
export function dealSigners(
  set: ParameterSet,
  profile: 'small' | 'P2048' | 'P3072',
  signers: readonly PartyIndex[],
  seed = 1,
): TestKey {
  const random = seededRandom(seed);
  const { group } = set.curve;
  const coefficients = signers.map(() => randomScalar(group.order, random));
  using polynomial = new SecretPolynomial(group, coefficients);
  const x = polynomial.constant;
  const facts = new Map(
    signers.map((j) => {
      const { key, trapdoor } = testMaterial(profile, j);
      const X = group.multiplyBase(polynomial.evaluate(j));
      const W = group.multiplyPublic(X, signerWeight(group.order, signers, j));
      const to = new RingPedersen(trapdoor.Nh, trapdoor.s, trapdoor.t);
      return [j, { key: new PaillierPublicKey(key.N), to, W }];
    }),
  );
  const ssid0 = random.bytes(32);
  const PK = group.multiplyBase(x);
  const sessions = new Map(
    signers.map((index) => {
      const w = weightedShare(group.order, signers, index, polynomial.evaluate(index));
      const own = { ...testMaterial(profile, index), w };
      return [index, { set, ssid0, index, signers, facts, PK, own }];
    }),
  );
  return { x, PK, sessions };
}
