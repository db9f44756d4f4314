/** One attack that is known, and where it is tried. */
export type Row = {
  readonly row: number;
  readonly attack: string;
  /** Tests outside of the lane that try it too: file, and a piece of the name. */
  readonly elsewhere?: readonly (readonly [file: string, test: string])[];
  /** Why nothing tries it. */
  readonly absent?: string;
};

const SIGNING = 'test/unit/frost/signing.test.ts';
const NONCES = 'test/unit/keys/nonces.test.ts';

/** The published and the obvious attacks on threshold Schnorr signatures. Each has a case in the lane, or a test elsewhere. */
export const ROWS: readonly Row[] = [
  { row: 1, attack: 'rogue key without proof' },
  { row: 2, attack: 'replay of a message or a proof' },
  { row: 3, attack: 'raising the threshold' },
  { row: 4, attack: 'a bad value for one member, and false complaints' },
  {
    row: 5,
    attack: 'split success at the end of key generation',
    elsewhere: [['test/unit/state/apply.test.ts', 'the last equal ready activates the key']],
  },
  {
    row: 6,
    attack: 'a hidden Taproot script in a new key',
    elsewhere: [['test/unit/frost/taproot.test.ts', 'attack 6: ']],
  },
  {
    row: 7,
    attack: 'identity, torsion, second spellings',
    elsewhere: [
      ['test/unit/crypto/ed25519-group.test.ts', 'refuses'],
      ['test/unit/crypto/weierstrass-groups.test.ts', 'refuses'],
    ],
  },
  { row: 8, attack: 'Drijvers’ attack on parallel sessions', elsewhere: [[SIGNING, 'attack 8: ']] },
  {
    row: 9,
    attack: 'one nonce twice: retry, crash, copy',
    elsewhere: [[NONCES, 'in a hundred thousand racing takes every nonce is taken once']],
  },
  {
    row: 10,
    attack: 'one nonce twice: a restored disk',
    elsewhere: [[NONCES, 'another run has no nonce of this run, though it has its disk']],
  },
  { row: 11, attack: 'nonces that follow from the message', elsewhere: [[SIGNING, 'attack 11: ']] },
  {
    row: 12,
    attack: 'strangers, repetitions and gaps in B',
    elsewhere: [[SIGNING, 'attack 12: ']],
  },
  { row: 13, attack: 'a wrong B to frame a signer' },
  { row: 14, attack: 'a share whose spelling hides the culprit' },
  { row: 15, attack: 'prototype pollution' },
  { row: 16, attack: 'blind signing' },
  {
    row: 17,
    attack: 'a refresh with another threshold or an old version',
    elsewhere: [
      ['test/unit/sharing/reshare/attacks.test.ts', 'attack 17: '],
      ['test/unit/sharing/reshare/suites.test.ts', 'shares of two versions make no signature'],
    ],
  },
  {
    row: 18,
    attack: 'forget-and-forgive',
    elsewhere: [['test/unit/sharing/reshare/attacks.test.ts', 'attack 18: ']],
  },
  {
    row: 19,
    attack: 'tweaks confused or applied twice',
    elsewhere: [['test/unit/frost/taproot.test.ts', 'attack 19: ']],
  },
  { row: 20, attack: 'a tweak of the caller’s choice' },
  { row: 21, attack: 'one key in two schemes' },
  { row: 22, attack: 'made-up shares and messages as evidence' },
  {
    row: 23,
    attack: 'a certificate for fewer participants, a lower threshold or another key',
    elsewhere: [['test/unit/client/key-certificate.test.ts', 'signed for another threshold']],
  },
  {
    row: 24,
    attack: 'giant messages and lists',
    elsewhere: [['test/unit/blame/judge-evidence.test.ts', 'too long, proves nothing']],
  },
  { row: 25, attack: 'another V, told by the leader', elsewhere: [[SIGNING, 'attack 25: ']] },
  { row: 26, attack: 'a fault in a signer', elsewhere: [[SIGNING, 'attack 26: ']] },
  { row: 27, attack: 'index 0, q, or twice', elsewhere: [[SIGNING, 'attack 27: ']] },
  { row: 28, attack: 'a final signature that is wrong', elsewhere: [[SIGNING, 'attack 28: ']] },
  { row: 29, attack: 'two versions of keygen/commit or keygen/open' },
  {
    row: 30,
    attack: 'sealed shares that change places on disk',
    elsewhere: [['test/unit/keys/sealed-shares.test.ts', 'two swapped shares do not open']],
  },
  {
    row: 31,
    attack: 'a wrong result, none, or another outcome than the one that was answered',
    elsewhere: [
      [
        'test/unit/tasks/answered-before-recorded.test.ts',
        'records no signature of another attempt as this one’s',
      ],
    ],
  },
];
