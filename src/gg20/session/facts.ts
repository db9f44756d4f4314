import { assert, Bug, type PartyIndex } from '../../common/index.js';
import {
  weightedShare,
  type OwnSecrets,
  type SignerFacts,
  type SignerSession,
} from '../presign/session.js';
import type { Gg20Tables } from '../tables.js';

/** A signer's numbers in the generation of its set, from its aux record, and its W_j: all in bytes. */
export type SignerNumbers = {
  readonly index: PartyIndex;
  /** L8 bytes each. */
  readonly N: Uint8Array;
  readonly Nh: Uint8Array;
  readonly s: Uint8Array;
  readonly t: Uint8Array;
  /** W_j = lambda_j·X_j, encoded. */
  readonly W: Uint8Array;
};

/** A session among t signers as plain data, that jobs take. All of it is public. */
export type SigningFacts = {
  /** Of `setName`. */
  readonly set: string;
  readonly ssid0: Uint8Array;
  /** S, ascending. */
  readonly signers: readonly SignerNumbers[];
  /** PK, encoded. */
  readonly PK: Uint8Array;
};

/** A signer's long-lived secrets as bytes. Jobs take copies. */
export type OwnBytes = {
  /** Its secrets in the generation, of `encodeMaterial`. */
  readonly material: Uint8Array;
  /** Its key share x_i, an encoded scalar. */
  readonly scalar: Uint8Array;
};

/** The indices of S, ascending. */
export function signersOf({ signers }: Pick<SigningFacts, 'signers'>): readonly PartyIndex[] {
  return signers.map(({ index }) => index);
}

/** The same session with its numbers and points. */
export type PublicSession<P> = Omit<SignerSession<P>, 'index' | 'own'>;

export function publicSession(tables: Gg20Tables, facts: SigningFacts): PublicSession<unknown> {
  const set = tables.parameterSet(facts.set);
  const { group } = set.curve;
  const signers = facts.signers.map(
    ({ index, N, Nh, s, t, W }): [PartyIndex, SignerFacts<unknown>] => {
      const point = group.decode(W);
      assert(point !== undefined, 'W is a point');
      const signer = {
        // Made when they are needed: a node that only adds shares up has no numbers.
        get key() {
          return tables.paillier(N);
        },
        get to() {
          return tables.ringPedersen(Nh, s, t);
        },
        W: point,
      };
      return [index, signer];
    },
  );
  const PK = group.decode(facts.PK);
  assert(PK !== undefined, 'the public key is a point');
  return { set, ssid0: facts.ssid0, signers: signersOf(facts), facts: new Map(signers), PK };
}

/** A signer's view of a session, for arithmetic that needs no secret. */
export function withoutSecrets<P>(session: PublicSession<P>, index: PartyIndex): SignerSession<P> {
  return { ...session, index, own: NO_SECRETS };
}

export function withSecrets(
  tables: Gg20Tables,
  session: PublicSession<unknown>,
  index: PartyIndex,
  { material, scalar }: OwnBytes,
  seed: Uint8Array,
): SignerSession<unknown> {
  const { set, signers } = session;
  const { group } = set.curve;
  const x = group.decodeScalar(scalar);
  assert(x !== undefined, 'a key share is a scalar');
  const { key, trapdoor } = tables.material(set, material, seed);
  return {
    ...session,
    index,
    own: { key, trapdoor, w: weightedShare(group.order, signers, index, x) },
  };
}

const NO_SECRETS: OwnSecrets = {
  get key(): never {
    throw new Bug('no secret is at hand');
  },
  get trapdoor(): never {
    throw new Bug('no secret is at hand');
  },
  get w(): never {
    throw new Bug('no secret is at hand');
  },
};

/** Bytes by signer, of a set's parameter set. */
export type Bodies = ReadonlyMap<PartyIndex, Uint8Array>;
