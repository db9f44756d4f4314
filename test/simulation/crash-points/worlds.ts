import { Algorithm } from '../../../src/wire/index.js';
import type { KeyAlgorithm } from '../../../src/identity/index.js';
import { nodeNames } from '../cluster.js';
import type { Phase, Script } from './script.js';

/** A cluster and what clients do to it, in which nothing fails but one node at one step. */
export type CrashWorld = {
  readonly name: string;
  readonly nodes: number;
  readonly algorithm: KeyAlgorithm;
  /** Presignatures that nodes keep of a key, made ahead; none where absent. */
  readonly presignatures?: number;
  /** The phases whose steps are crashed at. The others only lead there, or show what is left. */
  readonly phases: readonly Phase[];
  play(script: Script): Promise<void>;
};

const KEY = 'key';
/** Made after another key was destroyed. */
const NEXT = 'next-key';
const FIVE = nodeNames(5);
/** Two of the first three sign. */
const SMALL = { threshold: 2, participants: FIVE.slice(0, 3) };
/** Others, all of whom sign. */
const OTHERS = { threshold: 3, participants: FIVE.slice(1, 4) };
const LARGE = { threshold: 3, participants: FIVE };
/** Fewer, fewer of whom sign. */
const FEWER = { threshold: 2, participants: FIVE.slice(1) };

type Story = Omit<CrashWorld, 'algorithm'>;

/** A key is made and signed with. */
const MADE: Story = {
  name: 'generate',
  nodes: 3,
  phases: ['generate', 'sign'],
  async play(script) {
    await script.generate(KEY, SMALL);
    await script.sign(KEY, 1);
  },
};

/** It is shared anew among other nodes with another threshold. */
const RESHARED: Story = {
  name: 'reshare',
  nodes: 4,
  phases: ['reshare'],
  async play(script) {
    await script.generate(KEY, SMALL);
    await script.reshare(KEY, OTHERS);
    await script.sign(KEY, 2);
  },
};

/** The same among five. */
const RESHARED_OF_FIVE: Story = {
  name: 'reshare-of-five',
  nodes: 5,
  phases: ['reshare'],
  async play(script) {
    await script.generate(KEY, LARGE);
    await script.reshare(KEY, FEWER);
    await script.sign(KEY, 2);
  },
};

/** Its shares are renewed when their time has come. */
const REFRESHED: Story = {
  name: 'refresh',
  nodes: 3,
  phases: ['refresh'],
  async play(script) {
    await script.generate(KEY, SMALL);
    await script.refresh(KEY);
    await script.sign(KEY, 2);
  },
};

/** The same among five. */
const REFRESHED_OF_FIVE: Story = {
  name: 'refresh-of-five',
  nodes: 5,
  phases: ['refresh'],
  async play(script) {
    await script.generate(KEY, LARGE);
    await script.refresh(KEY);
    await script.sign(KEY, 2);
  },
};

/** It is retired and comes back, and is destroyed in the end. */
const ENDED: Story = {
  name: 'end',
  nodes: 3,
  phases: ['retire', 'restore', 'destroy'],
  async play(script) {
    await script.generate(KEY, SMALL);
    await script.retire(KEY);
    await script.restore(KEY);
    await script.sign(KEY, 1);
    await script.retire(KEY);
    await script.destroy(KEY);
    await script.generate(NEXT, SMALL);
    await script.sign(NEXT, 1);
  },
};

/** Its presignatures are made ahead, and used. */
const PRESIGNED: Story = {
  name: 'presign',
  nodes: 3,
  presignatures: 1,
  phases: ['presign', 'sign'],
  async play(script) {
    await script.generate(KEY, SMALL);
    await script.sign(KEY, 1);
    await script.presign(KEY);
    await script.sign(KEY, 1);
  },
};

const named = (algorithm: KeyAlgorithm, prefix: string, story: Story): CrashWorld => ({
  ...story,
  algorithm,
  name: `${prefix}-${story.name}`,
});

/** FROST with real Ed25519, and GG20 in the simulator's parameters. Points are numbered in this order: new worlds come last. */
export const WORLDS: readonly CrashWorld[] = [
  ...[MADE, RESHARED, REFRESHED, ENDED, RESHARED_OF_FIVE, REFRESHED_OF_FIVE].map((story) =>
    named(Algorithm.FROST_ED25519_SHA512, 'frost', story),
  ),
  ...[MADE, RESHARED, REFRESHED, ENDED, PRESIGNED].map((story) =>
    named(Algorithm.GG20_SECP256K1, 'gg20', story),
  ),
];
