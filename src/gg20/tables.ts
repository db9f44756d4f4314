import { assert, Bug, toHex } from '../common/index.js';
import {
  BoundedCache,
  decodeBigEndian,
  PaillierPublicKey,
  RingPedersen,
  sha256,
  type Groups,
} from '../crypto/index.js';
import { curvesOver } from './curve.js';
import { decodeMaterial, type OwnMaterial } from './own-material.js';
import { parameterSet, type ParameterSet } from './parameter-set.js';
import { PROFILES } from './profile.js';
import { ExpandedRandom } from './round-random.js';

/** Moduli of others that a thread keeps ready: two for each member of some sets of twenty. */
const PUBLIC_MAX = 128;
/** Own material that a thread keeps ready: that of the set in use, and of one that is being renewed. */
const OWN_MAX = 2;

/** `<curve>/<profile>`: names a parameter set to a job. */
export function setName({ curve, profile }: ParameterSet): string {
  return `${curve.name}/${profile.name}`;
}

/**
 * What a thread that computes for GG20 has by name, and what it makes once: OpenSSL sets up each modulus, which takes longer
 * than a power. Own material is remembered by the hash of its bytes, two at most; the thread's memory is the node's.
 */
export class Gg20Tables {
  readonly #sets: ReadonlyMap<string, ParameterSet>;
  readonly #keys = new BoundedCache<PaillierPublicKey>(PUBLIC_MAX);
  readonly #commitments = new BoundedCache<RingPedersen>(PUBLIC_MAX);
  readonly #material = new BoundedCache<OwnMaterial>(OWN_MAX);

  constructor(sets: readonly ParameterSet[]) {
    this.#sets = new Map(sets.map((set) => [setName(set), set]));
  }

  /** @throws Bug for a name that is not in the table: names come from this node's own code. */
  parameterSet(name: string): ParameterSet {
    const set = this.#sets.get(name);
    if (set === undefined) throw new Bug(`there is no parameter set ${name}`);
    return set;
  }

  /** @param N - Proved to be what it should be, before. */
  paillier(N: Uint8Array): PaillierPublicKey {
    return kept(this.#keys, toHex(N), () => new PaillierPublicKey(decodeBigEndian(N)));
  }

  /** @param Nh - Proved, like s and t, to be what they should be. */
  ringPedersen(Nh: Uint8Array, s: Uint8Array, t: Uint8Array): RingPedersen {
    const numbers = [Nh, s, t] as const;
    return kept(this.#commitments, numbers.map(toHex).join('/'), () => {
      const [first, second, third] = numbers.map(decodeBigEndian);
      return new RingPedersen(first ?? 0n, second ?? 0n, third ?? 0n);
    });
  }

  /** @param bytes - Of `encodeMaterial`. The caller wipes them. */
  material({ profile }: ParameterSet, bytes: Uint8Array, seed: Uint8Array): OwnMaterial {
    return kept(this.#material, toHex(sha256(bytes)), () => {
      const material = decodeMaterial(profile, bytes, ExpandedRandom.of(seed, 'material'));
      assert(material !== undefined, 'own material is of its profile');
      return material;
    });
  }
}

function kept<V>(cache: BoundedCache<V>, name: string, make: () => V): V {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const made = make();
  cache.set(name, made);
  return made;
}

/** The context of a thread that computes for GG20. */
export type Gg20Context = { readonly gg20: Gg20Tables };

/** The curves and profiles of this release, computed by these groups. */
export function gg20Tables(groups: Groups): Gg20Tables {
  const curves = Object.values(curvesOver(groups));
  const profiles = Object.values(PROFILES);
  return new Gg20Tables(
    curves.flatMap((curve) => profiles.map((profile) => parameterSet(curve, profile))),
  );
}
