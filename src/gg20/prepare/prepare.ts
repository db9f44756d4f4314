import { assert } from '../../common/index.js';
import { encodeBigEndian, SecretBytes } from '../../crypto/index.js';
import { reliable, type Echoed, type Party } from '../../mpc/index.js';
import { bytesItem, listItem } from '../../wire/index.js';
import type { MaterialPrimes } from '../own-material.js';
import type { ParameterSet } from '../parameter-set.js';
import { RoundRandom, SEED_BYTES } from '../round-random.js';
import { mixedSsid } from '../session-id.js';
import { gg20Xof } from '../transcript.js';
import { facLayout } from '../zk/fac.js';
import { auxDigest, auxLeaf, auxMaterialLayout, auxRecordLayout } from './aux-record.js';
import { requireOpenings, requireProofs } from './blame.js';
import { openingCommitment } from './checks.js';
import { memberAt } from './facts.js';
import {
  makeMaterialJob,
  proveFactorsJob,
  proveModulusJob,
  proveParametersJob,
  type PrimeBytes,
} from './jobs.js';
import { HASH_BYTES, type OpenBody, type PrepareRounds, type ProveEachBody } from './messages.js';
import {
  materialOf,
  of,
  placeOf,
  prepareRun,
  ridsOf,
  type OfAll,
  type PrepareParts,
  type PrepareRun,
} from './run.js';

/** A generation of a set's material, as one member holds it. */
export type PreparedMaterial = {
  /** This member's secrets, encoded as of `encodeMaterial`. The caller seals them, and wipes them. */
  readonly secret: Uint8Array;
  /** All public material, encoded as of `auxMaterialLayout`. */
  readonly material: Uint8Array;
  /** 32 bytes over all of it, which every member's `ready` names. */
  readonly auxDigest: Uint8Array;
};

/**
 * Makes one generation of auxiliary material together with all parties of the session: every member makes a Paillier key and
 * Ring-Pedersen bases, commits to them before it sees another's, and proves to each other member that they are what they should be
 * (the proofs are CGGMP24's). Nothing is judged before all have heard the same.
 *
 * All arithmetic is in jobs: one for each member and check, none of which takes longer with more members.
 *
 * @param session - Of `prepareProtocol`.
 * @throws {ProtocolAbort} Messages fail a check; `culprits` are all their senders, `evidence` what each of them signed. Without
 *   culprits where chance, or nobody's provable fault, ended it.
 */
export async function prepareMaterial(
  session: Party<Echoed<PrepareRounds>>,
  parts: PrepareParts,
): Promise<PreparedMaterial> {
  const run = prepareRun(session, parts);
  const party = reliable<PrepareRounds>(session);
  using own = new RunSecret();
  const { opened, proof } = await makeOwn(run, own);

  // commit: every member commits before any one shows, so none chooses as a function of the others.
  const commitment = openingCommitment(placeOf(run, party.index), opened);
  const commits = await party.round('commit', { all: { commitment } });

  const [openings, parameters] = await Promise.all([
    party.round('open', { all: opened }),
    party.round('parameters', { all: { proof } }),
  ]);
  await party.agreed();
  // Before a proof is made under another's bases: under false ones it would tell of this member's primes.
  await requireOpenings(run, commits, openings, parameters);

  const proofs = await party.round('prove', await proveOwn(run, openings, own));
  await party.agreed();
  await requireProofs(run, openings, proofs);
  return { secret: own.take(), ...publicMaterialOf(run, openings) };
}

/** The secrets of a run: wiped when it ends, unless they were taken before. */
class RunSecret {
  #secret: SecretBytes | undefined;

  set(secret: Uint8Array): void {
    this.#secret = new SecretBytes(secret);
  }

  /** For a job that takes it. */
  copy(): Uint8Array {
    return this.#held.bytes.slice();
  }

  /** Gives it to the caller. */
  take(): Uint8Array {
    const { bytes } = this.#held;
    this.#secret = undefined;
    return bytes;
  }

  [Symbol.dispose](): void {
    this.#secret?.[Symbol.dispose]();
  }

  get #held(): SecretBytes {
    assert(this.#secret !== undefined, 'a run has its secrets until its end');
    return this.#secret;
  }
}

/** Own material, and round 1 without the commitment. */
async function makeOwn(
  run: PrepareRun,
  own: RunSecret,
): Promise<{ readonly opened: OpenBody; readonly proof: Uint8Array }> {
  const { compute, name: set, party } = run;
  using random = roundRandom(run, 1, []);
  const made = await compute.run(makeMaterialJob, {
    set,
    primes: primeBytes(run.set, run.primes),
    seed: random.bytes(SEED_BYTES),
  });
  own.set(made.secret);
  const { proof, proofHash } = await compute.run(proveParametersJob, {
    set,
    secret: own.copy(),
    seed: random.bytes(SEED_BYTES),
    place: placeOf(run, party.index),
  });
  const [rid, salt] = [random.bytes(HASH_BYTES), random.bytes(HASH_BYTES)];
  return { opened: { ...made.material, rid, proofHash, salt }, proof };
}

/** Round 3: Pi_mod for all, and Pi_fac for each. */
async function proveOwn(run: PrepareRun, openings: OfAll<OpenBody>, own: RunSecret) {
  const { compute, name: set, party, facts, others } = run;
  // The openings name all that came before them.
  const heard = party.broadcasts('open').map(({ body }) => body);
  using random = roundRandom(run, 3, heard);
  const rids = ridsOf(openings);
  const input = () => ({
    set,
    secret: own.copy(),
    seed: random.bytes(SEED_BYTES),
    place: placeOf(run, party.index),
    rids,
  });
  const basesOf = (j: number) => {
    const { Nh, s, t } = of(openings, j);
    return { Nh, s, t };
  };
  const [proof, ...each] = await Promise.all([
    compute.run(proveModulusJob, input()),
    ...others.map((j) => {
      const to = { verifier: memberAt(facts, j), bases: basesOf(j) };
      return compute.run(proveFactorsJob, { ...input(), ...to });
    }),
  ]);
  const nothing = new Uint8Array(facLayout(run.set).byteLength);
  return {
    all: { rids, proof },
    each: (to: number): ProveEachBody => {
      // The session keeps a message of this party to itself, which nobody looks at.
      return { rids, ...basesOf(to), proof: each[others.indexOf(to)] ?? nothing };
    },
  };
}

/** The records of all members, and the digest over them. */
function publicMaterialOf(
  { set, facts, ssid0 }: PrepareRun,
  openings: OfAll<OpenBody>,
): Pick<PreparedMaterial, 'material' | 'auxDigest'> {
  const { setId, generation, members } = facts;
  const layout = auxRecordLayout(set);
  const ssid = mixedSsid(ssid0, ridsOf(openings));
  const records = members.map(({ index, identityKey }, at) => {
    const material = materialOf(of(openings, at + 1));
    return layout.encode({ setId, generation, index, identityKey, ...material });
  });
  const leaves = records.map((record, at) => ({
    index: memberAt(facts, at + 1),
    leaf: auxLeaf(record),
  }));
  return {
    material: auxMaterialLayout(set, members.length).encode({ ssid, records }),
    auxDigest: auxDigest({ ssid, setId, generation, leaves }),
  };
}

function roundRandom(
  { random, deviceSecret, ssid0 }: PrepareRun,
  round: number,
  bodies: readonly Uint8Array[],
): RoundRandom {
  const heard = gg20Xof('heard', [listItem(bodies.map(bytesItem))], HASH_BYTES);
  return new RoundRandom(random, { deviceSecret, ssid0, round, heard });
}

/** The primes' bytes, for the job that takes them. */
function primeBytes(
  { profile }: ParameterSet,
  { paillier, ringPedersen }: MaterialPrimes,
): PrimeBytes {
  const bytes = (prime: bigint) => encodeBigEndian(prime, profile.modulusBits / 16);
  const [[p, q], [ph, qh]] = [paillier, ringPedersen];
  return [bytes(p), bytes(q), bytes(ph), bytes(qh)];
}
