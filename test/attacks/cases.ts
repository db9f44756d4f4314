import type { Suite } from '../../src/frost/index.js';
import { answeringCases } from './answering.js';
import type { AttackCase } from './case.js';
import { framingCases } from './frames.js';
import { caseOf as gg20Case } from './gg20/attack.js';
import { GG20_ATTACKS } from './gg20/rows.js';
import { generatingCases } from './generating.js';
import { keygenCases } from './keygen.js';
import { leaderCases } from './leader.js';
import { commonCases, partCases, racingTakes } from './parts.js';
import { resharingCases } from './resharing.js';
import { laterCase, signingCases } from './signing.js';
import {
  ed25519Suite,
  p256Suite,
  secp256k1Suite,
  taprootSuite,
} from '../support/builders/schemes.js';

const SUITES: readonly Suite[] = [ed25519Suite, secp256k1Suite, taprootSuite, p256Suite];
const RACING_TAKES = 1_000_000;

/** The cases that are about points or scalars, for one suite. */
function casesOf(suite: Suite): readonly AttackCase[] {
  return [
    ...keygenCases(suite),
    ...resharingCases(suite),
    ...generatingCases(suite),
    ...signingCases(suite),
    laterCase(suite),
    ...leaderCases(suite),
    ...answeringCases(suite),
    ...framingCases(suite),
    ...partCases(suite),
  ];
}

/** Attacks on GG20, which has tests and weakened copies of its own beside these. */
function gg20Cases(): readonly AttackCase[] {
  return GG20_ATTACKS.map(gg20Case);
}

/** Every case on Ed25519: what a mistake in one place shows. */
export function oneSuite(): readonly AttackCase[] {
  return [...commonCases(), ...casesOf(ed25519Suite), ...partCases(taprootSuite), ...gg20Cases()];
}

/** Every case on every suite. */
export function allCases(): readonly AttackCase[] {
  return [...commonCases(), ...SUITES.flatMap(casesOf), ...gg20Cases(), racingTakes(RACING_TAKES)];
}

/** All that is about nothing but Ed25519, and of the other suites what differs between them. */
export function shortCases(): readonly AttackCase[] {
  const others = SUITES.filter((suite) => suite !== ed25519Suite);
  return [
    ...commonCases(),
    ...casesOf(ed25519Suite),
    ...others.flatMap((suite) => [...partCases(suite), ...framingCases(suite)]),
    ...others.flatMap((suite) => keygenCases(suite).filter((_, at) => at % 8 === 0)),
    ...others.flatMap((suite) => resharingCases(suite).filter((_, at) => at % 8 === 0)),
    ...others.flatMap((suite) => signingCases(suite).slice(0, 4)),
  ];
}
