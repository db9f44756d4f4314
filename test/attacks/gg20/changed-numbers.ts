import { checkNonce, checkRb, proveAlice, proveR } from '../../../src/gg20/index.js';
import { faultTexts, gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { answersBy } from './oracle.js';
import {
  ATTACKER,
  attacker,
  attackersPlace,
  freshSsid,
  opened,
  random,
  round1Of,
  set,
  taken,
  VICTIM,
  victim,
} from './pair.js';

const { group } = set.curve;

/** The record with each of its numbers changed, one at a time; with zero in its place, too. */
function changed<V extends object>(record: V): readonly V[] {
  return Object.entries(record).flatMap(([name, value]) =>
    typeof value === 'bigint'
      ? [
          { ...record, [name]: value + 1n },
          { ...record, [name]: 0n },
        ]
      : [],
  );
}

/** Exactly one fault, and the attacker’s. */
function isOfAttacker(faults: readonly string[]): boolean {
  return faults.length === 1 && faults.every((each) => each.startsWith(`${ATTACKER} Pi_`));
}

/** What the victim says of every proof that the attacker sends, each with one number changed. */
function everyNumber(): Attempt {
  const ssid = freshSsid();
  const mine = opened(attacker).secrets;
  const to = victim.facts.get(VICTIM)?.to ?? victim.own.trapdoor;
  const common = { key: attacker.own.key, c: mine.K, to };
  const witness = { m: mine.k, r: mine.r };
  const alice = proveAlice(set, attackersPlace(victim.ssid0, 1), common, witness, random);
  const R = group.multiplyBase(77n);
  const Rb = group.multiplySecret(R, mine.k);
  const at = attackersPlace(ssid, 5);
  const ofR = proveR(set, at, { ...common, R, Rb }, witness, random);

  const { secrets, all } = opened();
  const right = answersBy(ssid, all);
  const answers = [
    ...changed(right.proof).map((proof) => ({ ...right, proof })),
    ...changed(right.proofWc).map((proofWc) => ({ ...right, proofWc })),
  ];
  const round1 = round1Of(mine.K);
  const verdicts: readonly (readonly string[])[] = [
    ...changed(alice).map((proof) => faultTexts(checkNonce(victim, ATTACKER, round1, { proof }))),
    ...answers.map((each) => {
      const got = taken(secrets, ssid, each);
      return 'stopped' in got ? got.stopped : [];
    }),
    ...changed(ofR).map((proof) =>
      faultTexts(checkRb(victim, ssid, R, ATTACKER, round1, { Rb }, { proof })),
    ),
  ];
  const unnoticed = verdicts.filter((faults) => !isOfAttacker(faults));
  return unnoticed.length === 0
    ? stoppedBy(`${ATTACKER} a check of its proof fails`)
    : unstopped(`${unnoticed.length} of ${verdicts.length} wrong proofs taken`);
}

export const CHANGED_NUMBERS: readonly Gg20Attack[] = [
  {
    row: 1,
    name: 'any number of a range proof changed, or left out',
    culprit: ATTACKER,
    stopped: 'a check of its proof fails',
    removed: [
      gg20(
        'zk/check.js',
        'return checks.find(({ holds }) => !holds())?.name;',
        'return undefined;',
      ),
    ],
    run: everyNumber,
  },
];
