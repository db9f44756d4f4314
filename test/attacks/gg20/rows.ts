import type { Gg20Attack } from './attack.js';
import { CHANGED_NUMBERS } from './changed-numbers.js';
import { CLONES } from './clones.js';
import { CONTEXTS } from './contexts.js';
import { ENTRIES } from './entries.js';
import { FALSE_BASES } from './false-bases.js';
import { FALSE_MODULI } from './false-moduli.js';
import { FEW_CHALLENGES } from './few-challenges.js';
import { GENERATIONS } from './generations.js';
import { KEY_GENERATION } from './key-generation.js';
import { KEY_STREAMS } from './key-streams.js';
import { LARGE_NUMBERS } from './large-numbers.js';
import { LATE_DIGESTS } from './late-digests.js';
import { LATE_MOVES } from './late-moves.js';
import { ONLINE } from './online.js';
import { ORDER_OF_CHECKS } from './order-of-checks.js';
import { POWERS_OF_NODES } from './powers.js';
import { REPETITIONS } from './repetitions.js';
import { RESHARE_ENTRIES } from './reshare-entries.js';
import { RESHARING } from './resharing.js';
import { RESTORED } from './restored.js';
import { SECOND_ENTRIES } from './second-entries.js';
import { SHORT_MASKS } from './short-masks.js';
import { TRANSCRIPTS } from './transcripts.js';
import { VIEWS } from './views.js';

/** Every attack on GG20 that is played, with the checks that stop it. */
export const GG20_ATTACKS: readonly Gg20Attack[] = [
  ...CHANGED_NUMBERS,
  ...LARGE_NUMBERS,
  ...SHORT_MASKS,
  ...FALSE_MODULI,
  ...FALSE_BASES,
  ...FEW_CHALLENGES,
  ...ORDER_OF_CHECKS,
  ...TRANSCRIPTS,
  ...LATE_MOVES,
  ...LATE_DIGESTS,
  ...CONTEXTS,
  ...POWERS_OF_NODES,
  ...VIEWS,
  ...CLONES,
  ...GENERATIONS,
  ...KEY_GENERATION,
  ...KEY_STREAMS,
  ...RESHARING,
  ...RESHARE_ENTRIES,
  ...ENTRIES,
  ...REPETITIONS,
  ...RESTORED,
  ...SECOND_ENTRIES,
  ...ONLINE,
].sort((a, b) => a.row - b.row);

/** One attack on threshold ECDSA that is known, and where it was published. */
export type Gg20Row = {
  readonly row: number;
  readonly attack: string;
  readonly source: string;
  /** What of it is not played, and why. */
  readonly missing?: string;
};

/** The published attacks on GG18, GG20 and what they are made of, and what follows for sessions. */
export const GG20_ROWS: readonly Gg20Row[] = [
  { row: 1, attack: 'no range proof, or “fast” MtA', source: 'Alpha-Rays, eprint 2021/1621' },
  {
    row: 2,
    attack: 'beta’ in Z_N without a bound, or a mask that is too short',
    source: 'Makriyannis and Peled 2021; CVE-2023-33241 (Fireblocks’ report)',
  },
  {
    row: 3,
    attack: 'N with tiny primes (BitForge)',
    source: 'CVE-2023-33241, eprint 2023/1234; THORChain, May 2026',
  },
  { row: 4, attack: 'Pi_mod with a w that is no unit', source: 'CVE-2025-66016; tss-lib 323' },
  { row: 5, attack: 'Pi_fac alone', source: 'eprint 2021/060' },
  { row: 6, attack: 'a prime N', source: 'coinbase/cb-mpc 91' },
  {
    row: 7,
    attack: 'Ring-Pedersen bases without a proof',
    source: 'eprint 2020/1052; CVE-2020-12118, tss-lib PR 89',
  },
  { row: 8, attack: 'TSSHOCK, c-split', source: 'TSSHOCK, 2023' },
  { row: 9, attack: 'TSSHOCK, c-guess', source: 'TSSHOCK, 2023' },
  {
    row: 10,
    attack: 'TSSHOCK, alpha-shuffle: a hash of more than one reading',
    source: 'TSSHOCK, 2023; CVE-2022-47931; RUSTSEC-2024-0393',
  },
  {
    row: 11,
    attack: 'proofs without session, identity or first move',
    source: 'CVE-2022-47930; getamis/alice 308; tss-lib 42, PR 43',
  },
  {
    row: 12,
    attack: 'equations checked as one product',
    source: 'batch verification where the prover knows elements of small order',
  },
  { row: 13, attack: 'masks as short as in the texts of 2019', source: 'eprint 2019/114; tofn' },
  {
    row: 14,
    attack: 'a negative factor and an unsigned decryption',
    source: 'unsigned decryption in MtA, found here',
  },
  {
    row: 15,
    attack: 'what is no ciphertext',
    source: 'the “zero proof” of BitGo, Fireblocks 2023',
  },
  {
    row: 16,
    attack: 'forget-and-forgive',
    source: 'eprint 2020/1052',
  },
  {
    row: 17,
    attack: 'split views of the last acknowledgement',
    source: 'Kudelski 2021',
  },
  {
    row: 18,
    attack: 'lather-rinse-repeat',
    source: 'eprint 2020/1052',
  },
  {
    row: 19,
    attack: 'a polynomial of a higher degree',
    source: 'secret sharing that takes lists of any length',
  },
  {
    row: 20,
    attack: 'an index of 0, q, or twice',
    source: 'Trail of Bits, zero shares',
  },
  {
    row: 21,
    attack: 'a rogue key, a copied commitment',
    source: 'eprint 2019/114',
  },
  {
    row: 22,
    attack: 'a presignature twice',
    source: 'eprint 2021/1330',
  },
  {
    row: 23,
    attack: 'a presignature with a digest or a path that is chosen late',
    source: 'eprint 2021/1330; CVE-2025-66017',
  },
  {
    row: 24,
    attack: 'one value for one, another for others',
    source: 'GG20, broadcast',
  },
  { row: 25, attack: 'a false accusation', source: 'tofn, key generation' },
  { row: 26, attack: 'k opened where a share is out', source: 'GG20, blame' },
  { row: 27, attack: 'failures as an oracle', source: 'CVE-2023-33242' },
  {
    row: 28,
    attack: 'time of powers',
    source: 'CVE-2023-26556, CVE-2023-26557',
  },
  {
    row: 29,
    attack: 'a leader who tells each something else',
    source: 'Raft trusts its leader',
  },
  {
    row: 30,
    attack: 'a restored disk, a cloned machine',
    source: 'randomness used again',
  },
  {
    row: 31,
    attack: 'giant numbers and proofs',
    source: 'denial of service',
  },
  {
    row: 32,
    attack: 'a fault in one’s own computation',
    source: 'Boneh, DeMillo and Lipton 1997',
  },
  {
    row: 33,
    attack: 'a wrapper of powers that answers 0',
    source: 'OpenSSL 3 below 512 bits',
  },
  { row: 34, attack: 'one N in two generations', source: 'CGGMP24, refresh' },
  { row: 35, attack: 'Nh of primes that are not safe', source: 'tss-lib 67, PR 68' },
  {
    row: 36,
    attack: 'a sender’s name inside of the message',
    source: 'axelarnetwork/tofnd 60',
  },
  {
    row: 37,
    attack: 'session ids that differ, or never do',
    source: 'mpcsec.org; BitGoJS PR 8496',
  },
  { row: 38, attack: 'checks of MtA in another order', source: 'tss-lib PR 135' },
  {
    row: 39,
    attack: 'one key in two contexts',
    source: 'near/mpc 2076, PR 2163',
  },
  {
    row: 40,
    attack: 'shares of a new key in clear',
    source: 'coinbase/kryptology 29',
  },
  {
    row: 41,
    attack: 'silence in blame',
    source: 'GG20, blame',
  },
  {
    row: 42,
    attack: 'two ACCEPTs',
    source: 're-randomised presignatures',
  },
  {
    row: 43,
    attack: 'a refresh beside a stolen Paillier key',
    source: 'CGGMP24, refresh',
  },
  {
    row: 44,
    attack: 'a statement told twice, to frame its prover',
    source: 'GG20, blame',
  },
];
