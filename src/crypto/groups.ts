import { ed25519Group } from './ed25519-group.js';
import type { Group } from './group.js';
import { p256Group, secp256k1Group } from './weierstrass-groups.js';

/** The curves that keys are made on. */
export type Curve = 'ed25519' | 'secp256k1' | 'p256';

/** Each curve's group, by the library that this thread computes with. */
export type Groups = Readonly<Record<Curve, Group<unknown>>>;

/** All of them by @noble/curves: they load everywhere, and the others must agree with them about every encoding. */
export const NOBLE_GROUPS: Groups = {
  ed25519: ed25519Group,
  secp256k1: secp256k1Group,
  p256: p256Group,
};
