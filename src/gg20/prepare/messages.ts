import { echoed, protocol, type Echoed, type Protocol } from '../../mpc/index.js';
import { integerItem } from '../../wire/index.js';
import { bodyLayout, bytesField, type BodyField } from '../body.js';
import type { ParameterSet } from '../parameter-set.js';
import { facLayout } from '../zk/fac.js';
import { bytesLayout, listLayout, type Layout } from '../zk/layout.js';
import { modLayout } from '../zk/mod.js';
import { prmLayout } from '../zk/prm.js';

export const HASH_BYTES = 32;

/** Numbers modulo N or Nh as they are sent: L8 bytes each. What they are is found out in jobs, not where messages are read. */
export type PublicMaterial = {
  readonly N: Uint8Array;
  readonly Nh: Uint8Array;
  readonly s: Uint8Array;
  readonly t: Uint8Array;
};

export type RingPedersenBytes = Pick<PublicMaterial, 'Nh' | 's' | 't'>;

/** Round 1: a commitment to everything of round 2. */
export type CommitBody = { readonly commitment: Uint8Array };

/** Round 2: the material, 32 random bytes for ssid, the hash of Pi_prm, and the commitment's salt. */
export type OpenBody = PublicMaterial & {
  readonly rid: Uint8Array;
  readonly proofHash: Uint8Array;
  readonly salt: Uint8Array;
};

/** Round 2 besides: Pi_prm. By itself, so that who shows an opening need not show the proof. */
export type ParametersBody = { readonly proof: Uint8Array };

/** Round 3: Pi_mod, and whose random bytes its ssid is made of, in order of members. With them it can be judged by itself. */
export type ProveBody = { readonly rids: readonly Uint8Array[]; readonly proof: Uint8Array };

/** Round 3 to each: Pi_fac, its ssid and the receiver's bases. */
export type ProveEachBody = ProveBody & RingPedersenBytes;

/** The rounds of `prepare`. */
export type PrepareRounds = {
  readonly commit: { readonly all: CommitBody };
  readonly open: { readonly all: OpenBody };
  readonly parameters: { readonly all: ParametersBody };
  readonly prove: { readonly all: ProveBody; readonly each: ProveEachBody };
};

/** The bodies of all rounds. */
export type PrepareBodies = {
  readonly commit: Layout<CommitBody>;
  readonly open: Layout<OpenBody>;
  readonly parameters: Layout<ParametersBody>;
  readonly prove: Layout<ProveBody>;
  readonly proveEach: Layout<ProveEachBody>;
};

export type PrepareProtocol = Protocol<Echoed<PrepareRounds>>;

/** A number's bytes as they are. */
function rawNumber(byteLength: number): BodyField<Uint8Array> {
  return { layout: bytesLayout(byteLength), item: integerItem };
}

/** A proof's bytes as they are. */
function rawProof({ byteLength }: Layout<unknown>): BodyField<Uint8Array> {
  return bytesField(bytesLayout(byteLength));
}

/** @param members - How many there are. */
export function prepareBodies(set: ParameterSet, members: number): PrepareBodies {
  const hash = bytesField(bytesLayout(HASH_BYTES));
  const number = rawNumber(set.widths.modulus);
  const rids = bytesField(listLayout(bytesLayout(HASH_BYTES), members));
  const bases = { Nh: number, s: number, t: number };
  return {
    commit: bodyLayout<CommitBody>('prepare/commit', { commitment: hash }),
    open: bodyLayout<OpenBody>('prepare/open', {
      rid: hash,
      N: number,
      ...bases,
      proofHash: hash,
      salt: hash,
    }),
    parameters: bodyLayout<ParametersBody>('prepare/parameters', {
      proof: rawProof(prmLayout(set)),
    }),
    prove: bodyLayout<ProveBody>('prepare/prove', { rids, proof: rawProof(modLayout(set)) }),
    proveEach: bodyLayout<ProveEachBody>('prepare/prove/each', {
      rids,
      ...bases,
      proof: rawProof(facLayout(set)),
    }),
  };
}

/** An echo of twenty broadcasts has under 3 KiB. */
const ECHO_BYTES_MAX = 4_096;

/**
 * `prepare` as sessions carry it, with reliable broadcast. Nothing in it is secret to its sender: proofs go to their receivers
 * signed, and not sealed.
 *
 * @param members - How many there are.
 */
export function prepareProtocol(set: ParameterSet, members: number): PrepareProtocol {
  const bodies = prepareBodies(set, members);
  const longest = Math.max(...Object.values(bodies).map(({ byteLength }) => byteLength));
  return protocol<Echoed<PrepareRounds>>({
    name: 'prepare',
    limits: { bodyBytesMax: Math.max(longest, ECHO_BYTES_MAX), earlySealedMax: 0 },
    rounds: echoed<PrepareRounds>({
      commit: { all: bodies.commit },
      open: { all: bodies.open },
      parameters: { all: bodies.parameters },
      prove: { all: bodies.prove, each: bodies.proveEach, isOpen: true },
    }),
  });
}

/** The kinds of message of `prepare`, which depend on no set. */
export const PREPARE_KINDS = {
  commit: 'prepare/commit',
  open: 'prepare/open',
  openEcho: 'prepare/open-echo',
  parameters: 'prepare/parameters',
  prove: 'prepare/prove',
} as const;

/** Every kind of which a member signs one body for each receiver and session. */
export const PREPARE_SAID_ONCE: readonly string[] = [
  'commit',
  'open',
  'parameters',
  'prove',
].flatMap((round) => [`prepare/${round}`, `prepare/${round}-echo`]);
