import type { PartyIndex } from '../../../src/common/index.js';
import { encodeBigEndian, PaillierSecretKey } from '../../../src/crypto/index.js';
import {
  facLayout,
  judgePrepare,
  modLayout,
  prepareReason,
  proveFac,
} from '../../../src/gg20/index.js';
import { provePlace, ringPedersenOf } from '../../../src/gg20/prepare/checks.js';
import type {
  MadeMaterial,
  ProveFactorsInput,
  ProveModulusInput,
} from '../../../src/gg20/prepare/jobs.js';
import { ProtocolAbort } from '../../../src/mpc/index.js';
import type { Compute } from '../../../src/ports/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import { primeFrom, Squarefree } from '../../support/adversary/gg20-moduli.js';
import { testSigner } from '../../support/builders/frost-exchange.js';
import {
  corruptCompute,
  memorySeen,
  runPrepare,
  shownMessage,
  testPrimes,
  type PrepareExchange,
} from '../../support/builders/gg20-prepare.js';
import { bestProof, extracted, malformed, malformedHalves } from './false-moduli.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack, Removal } from './attack.js';
import { ATTACKER, random, set } from './pair.js';

const HONEST: readonly PartyIndex[] = [1, 3];

/** What honest members end with: the attacker named, or the generation. */
function ended({ outcomes }: PrepareExchange, won: string): Attempt {
  const stopped = HONEST.flatMap((party): readonly string[] => {
    const outcome = outcomes[party - 1];
    if (outcome === undefined || outcome === 'waiting' || !('error' in outcome)) return [];
    const { error } = outcome;
    if (!(error instanceof ProtocolAbort)) return [String(error)];
    const check = error.message.replace(/^Participant \d+: /u, '');
    return error.culprits.map((culprit) => `${culprit} ${check}`);
  });
  return stopped.length > 0 ? { stopped } : unstopped(won);
}

/** The attacker’s work with the primes of another N than it has: whoever knows them proves what can be proved. */
function workWith(factors: Squarefree, halves: readonly [bigint, bigint]): Compute {
  const N = encodeBigEndian(factors.product, set.widths.modulus);
  return corruptCompute((name, output, input) => {
    if (name === 'gg20/make-material') {
      const { secret, material } = output as MadeMaterial;
      return { secret, material: { ...material, N } };
    }
    if (name === 'gg20/prove-modulus') {
      const { place, rids } = input as ProveModulusInput;
      return modLayout(set).encode(bestProof(factors, set, provePlace(place, rids)));
    }
    if (name === 'gg20/prove-factors') {
      const { place, rids, verifier, bases } = input as ProveFactorsInput;
      const at = provePlace(place, rids, verifier);
      const key = new PaillierSecretKey(...halves);
      return facLayout(set).encode(proveFac(set, at, key, ringPedersenOf(bases), random));
    }
    return output;
  });
}

async function tinyPrimes(): Promise<Attempt> {
  const work = workWith(malformed, malformedHalves);
  const attempt = ended(await runPrepare({ corruptWork: { [ATTACKER]: work } }), 'a generation');
  return attempt.won === undefined ? attempt : unstopped(extracted());
}

/** An N of one bit less than all others. */
async function shortN(): Promise<Attempt> {
  const halves = [primeFrom((1n << 511n) + 99n), primeFrom((1n << 511n) + (1n << 420n))] as const;
  const work = workWith(new Squarefree(...halves), halves);
  const won = 'a generation with an N that is too short';
  return ended(await runPrepare({ corruptWork: { [ATTACKER]: work } }), won);
}

/** The attacker keeps its primes: whoever had them of the earlier generation has them of this one. */
async function oldPrimes(): Promise<Attempt> {
  const signers = [1, 2, 3].map((at) => testSigner(`node-${at}`));
  const seen = { 1: memorySeen(), 2: memorySeen(), 3: memorySeen() };
  await runPrepare({ signers, seen });
  const run = await runPrepare({
    signers,
    seen,
    sessionId: new Uint8Array(32).fill(8),
    generation: 2,
    primes: (party) => testPrimes('small', party === ATTACKER ? ATTACKER : 4 + Number(party === 3)),
  });
  return ended(run, 'a new generation with an old N');
}

/** An accuser shows what an honest member signed, and says that a check fails. */
async function falseAccusation(): Promise<Attempt> {
  const said: Envelope[] = [];
  const run = await runPrepare({
    tamper: (_from, to, envelope) => {
      if (to === 3) said.push(envelope);
      return [envelope];
    },
  });
  const of = (kind: string, isToAll: boolean): readonly Envelope[] =>
    said.filter(
      (each) => each.kind === `prepare/${kind}` && each.from === 1 && (each.to === 0) === isToAll,
    );
  const accusations = [
    [...of('commit', true), ...of('open', true)],
    [...of('open', true), ...of('parameters', true)],
    [...of('open', true), ...of('prove', true)],
    [...of('open', true), ...of('prove', false)],
  ];
  const { facts, sessionId } = run;
  const believed = accusations.filter((messages) => {
    const shown = messages.map(shownMessage);
    const reason = prepareReason(shown);
    if (reason === undefined) throw new Error('an accusation has a reason');
    return judgePrepare({ set, facts, sessionId, index: 1 }, reason, shown);
  });
  return believed.length === 0
    ? stoppedBy('what the accused signed passes the check')
    : unstopped(`an honest member named by ${believed.length} accusations`);
}

const X_OF_MOD: Removal = gg20(
  'zk/mod.js',
  'return modN.multiply(square, square) === target(N, w, y, bitAt(a, j), bitAt(b, j));',
  'return true;',
);

export const GENERATIONS: readonly Gg20Attack[] = [
  {
    row: 3,
    name: 'an N with seven tiny primes in a generation that all members make',
    culprit: ATTACKER,
    stopped: 'N: the modulus has no small factor',
    removed: [gg20('modulus-checks.js', '!hasSmallFactor(N)', 'true'), X_OF_MOD],
    run: tinyPrimes,
  },
  {
    row: 18,
    name: 'a generation with an N of one bit less',
    culprit: ATTACKER,
    stopped: 'N: the modulus has its length',
    removed: [
      gg20(
        'modulus-checks.js',
        "'the modulus has its length', holds: () => bitLength(N) === modulusBits",
        "'the modulus has its length', holds: () => true",
      ),
      gg20(
        'zk/mod.js',
        "'N has its length', holds: () => bitLength(N) === modulusBits",
        "'N has its length', holds: () => true",
      ),
    ],
    run: shortN,
  },
  {
    row: 25,
    name: 'right messages of an honest member, shown as wrong ones',
    stopped: 'what the accused signed passes the check',
    removed: [
      gg20(
        'prepare/judge.js',
        'return faultOf({ set, facts, index, place, bodies }, reason, first.body, second) !== undefined;',
        'return true;',
      ),
    ],
    run: falseAccusation,
  },
  {
    row: 34,
    name: 'primes of an earlier generation in a new one',
    culprit: ATTACKER,
    stopped: 'A modulus was seen in an earlier run',
    removed: [gg20('prepare/blame.js', 'if (earlier.length === 0)\n        return;', 'return;')],
    run: oldPrimes,
  },
];
