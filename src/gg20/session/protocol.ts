import { protocol, echoed, type Codec, type Echoed, type Protocol } from '../../mpc/index.js';
import type { Gg20Protocol } from '../session-id.js';
import type { ParameterSet } from '../parameter-set.js';
import { presignBodies } from '../presign/messages.js';
import { readyBytes } from '../presign/round7.js';
import { answersHeardLayout } from '../blame/messages.js';
import { head5Layout, head7Layout, masksLayout, productsLayout } from '../blame/split-openings.js';

type All = { readonly all: Uint8Array };
type Each = { readonly each: Uint8Array };

/** The rounds whose broadcasts all signers compare. Values are bodies in bytes: jobs read them. */
export type ComparedRounds = {
  /** Round 1: K, a commitment to Gamma, and Pi_alice. */
  readonly nonce: All & Each;
  /** Round 2: Bob's two answers. */
  readonly answer: Each;
  /** Round 3: delta and T. */
  readonly sums: All;
  /** Round 4: Gamma. */
  readonly gamma: All;
  /** Round 5: Rb and Pi_R. */
  readonly rb: All & Each;
  /** Round 6: S. */
  readonly s: All;
  /** Blame: the answers that came here, as their senders' lists name them. */
  readonly answers: All;
  /** Blame of type 5. */
  readonly 'opening-5': All;
  /** Blame of type 7. */
  readonly 'opening-7': All;
  /** The entries of an opening of type 5, which it names. */
  readonly masks: All;
  /** The same of type 7. */
  readonly products: All;
};

/** The rounds of a presignature, which are those of an interactive signature too. */
export type PresignRounds = Echoed<ComparedRounds> & {
  /** Round 7: the presignature's id, which every signer's view is hashed in. */
  readonly ready: All;
};

/** Bodies of one length. What stands in them is read where there is time for it. */
function bytesOf(byteLength: number): Codec<Uint8Array> {
  return {
    encode: (body) => body,
    decode: (body) => (body.length === byteLength ? body : undefined),
  };
}

/**
 * The protocol as sessions carry it, among the signers in order of index.
 *
 * @param name - Kinds of messages begin with `gg20-<name>`.
 * @param signers - How many there are: bodies have lists with an entry for each other one.
 */
export function signingProtocol(
  name: Extract<Gg20Protocol, 'presign' | 'sign'>,
  set: ParameterSet,
  signers: number,
): Protocol<PresignRounds> {
  const bodies = presignBodies(set, signers);
  const all = {
    nonce: bodies.round1.byteLength,
    sums: bodies.round3.byteLength,
    gamma: bodies.round4.byteLength,
    rb: bodies.round5.byteLength,
    s: bodies.round6.byteLength,
    answers: answersHeardLayout(set, signers).byteLength,
    'opening-5': head5Layout(set, signers).byteLength,
    'opening-7': head7Layout(set, signers).byteLength,
    masks: masksLayout(set, signers).byteLength,
    products: productsLayout(set, signers).byteLength,
    ready: readyBytes(new Uint8Array(PRESIG_ID_BYTES)).length,
  };
  const each = {
    nonce: bodies.round1Each.byteLength,
    answer: bodies.round2Each.byteLength,
    rb: bodies.round5Each.byteLength,
  };
  const toAll = (round: keyof typeof all) => ({ all: bytesOf(all[round]) });
  // Messages for one signer alone hold ciphertexts and proofs, which blame shows to others: they are signed and not sealed.
  const toEach = (round: keyof typeof each) =>
    ({ isOpen: true, each: bytesOf(each[round]) }) as const;
  const echoBytes = ECHO_HEAD_BYTES_MAX + signers * ECHO_ENTRY_BYTES_MAX;
  const longest = Math.max(echoBytes, ...Object.values(all), ...Object.values(each));
  return protocol<PresignRounds>({
    name: `gg20-${name}`,
    limits: { bodyBytesMax: longest + OVERLONG_BYTES_MAX, earlySealedMax: 0 },
    rounds: {
      ...echoed<ComparedRounds>({
        nonce: { ...toAll('nonce'), ...toEach('nonce') },
        answer: toEach('answer'),
        sums: toAll('sums'),
        gamma: toAll('gamma'),
        rb: { ...toAll('rb'), ...toEach('rb') },
        s: toAll('s'),
        answers: toAll('answers'),
        'opening-5': toAll('opening-5'),
        'opening-7': toAll('opening-7'),
        masks: toAll('masks'),
        products: toAll('products'),
      }),
      ready: toAll('ready'),
    },
  });
}

/** The kind of a signer's signature share, which ends an interactive session and an online one. */
export const SESSION_SHARE_KIND = 'gg20-sign/share';

const ROUNDS = [
  'nonce',
  'answer',
  'sums',
  'gamma',
  'rb',
  's',
  'answers',
  'opening-5',
  'masks',
  'opening-7',
  'products',
];

/** The kind of a signer's word that it has a presignature of which all have said READY. */
export const PRESIGNED_KIND = 'gg20-presign/made';

/** Every kind of an interactive session of which a signer signs one body for each receiver. */
export const SIGNING_SAID_ONCE: readonly string[] = saidOnce('gg20-sign');

/** The same of a session that makes a presignature. */
export const PRESIGN_SAID_ONCE: readonly string[] = saidOnce('gg20-presign');

function saidOnce(name: string): readonly string[] {
  const rounds = ROUNDS.flatMap((round) => [`${name}/${round}`, `${name}/${round}-echo`]);
  return [...rounds, `${name}/ready`];
}

/** A body that is longer than every right one by no more than this is heard, and names its sender; a longer one is dropped unread. */
const OVERLONG_BYTES_MAX = 1024;
const PRESIG_ID_BYTES = 32;
/** An entry has a digest of 32 bytes and a signature of 64, with tags and lengths. */
const ECHO_ENTRY_BYTES_MAX = 104;
const ECHO_HEAD_BYTES_MAX = 16;
