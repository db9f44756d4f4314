import type { PartyIndex } from '../../../src/common/index.js';
import { inverse, modulo, randomPolynomial } from '../../../src/crypto/index.js';
import type { Party } from '../../../src/mpc/index.js';
import { keygen, type KeygenRounds } from '../../../src/sharing/index.js';
import type { Opening } from '../../../src/sharing/checks.js';
import { METHODS, parseRequest, TASK_KINDS } from '../../../src/state/index.js';
import { Algorithm, type KeygenValue } from '../../../src/wire/index.js';
import { ATTACKER, deals, openingFor, opens } from '../../support/adversary/keygen-liar.js';
import { seededRandom } from '../../support/builders/frost-exchange.js';
import type { KeygenOptions } from '../../support/builders/frost-exchange.js';
import { generateRequest } from '../../support/builders/ledger.js';
import { stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { generated, group, keyOf, named, q, removal, suite } from './key-runs.js';

/** The attacker opens this polynomial, and deals these values. */
function dealing(
  forge: (party: Party<KeygenRounds>) => Opening,
  valueFor: (to: PartyIndex) => bigint,
): Pick<KeygenOptions, 'corrupt'> {
  const value = (to: PartyIndex): KeygenValue => ({ value: group.encodeScalar(valueFor(to)) });
  const [opened, dealt] = [opens(forge)[ATTACKER], deals(value)[ATTACKER]];
  if (opened === undefined || dealt === undefined) throw new Error('the attacker is one');
  return { corrupt: { [ATTACKER]: (party) => opened(dealt(party)) } };
}

/** Three points where the threshold is two: with them three are needed for what two were to suffice for. */
async function higherDegree(): Promise<Attempt> {
  const polynomial = randomPolynomial(group, 3, seededRandom(77));
  const run = await generated(
    dealing(
      ({ sessionId, index }) => openingFor(suite, sessionId, index, 3),
      (to) => polynomial.evaluate(to),
    ),
  );
  const stopped = named(run);
  return stopped.length > 0
    ? { stopped }
    : unstopped(keyOf(run) !== undefined && 'a key that two of three cannot use');
}

/** What the others’ polynomials begin with. */
async function othersFirst(): Promise<unknown> {
  let sum = group.identity;
  const seen = new Set<PartyIndex>();
  await generated(
    {
      tamper(from, _to, envelope) {
        const { content, kind } = envelope;
        if (content?.$case === 'open' && kind === keygen.kinds.open && !seen.has(from)) {
          const opening = keygen.rounds.open.all.decode(content.value.body);
          const A_0 = group.decode(opening?.coefficients[0] ?? new Uint8Array());
          if (A_0 !== undefined && from !== ATTACKER) sum = group.add(sum, A_0);
          seen.add(from);
        }
        return [envelope];
      },
    },
    3,
  );
  return sum;
}

/** 7·G less what the others begin with: the key’s secret would be 7. Two values are dealt in the exponent. */
async function rogueKey(): Promise<Attempt> {
  const wanted = group.multiplyBase(7n);
  const A_0 = group.add(wanted, group.negate(await othersFirst()));
  const [f1, f2] = [1001n, 1002n];
  // f(1)·G = A_0 + A_1 + A_2 and f(2)·G = A_0 + 2·A_1 + 4·A_2.
  const twice = group.add(group.multiplyBase(modulo(f2 - 2n * f1, q)), A_0);
  const A_2 = group.multiplyPublic(twice, inverse(2n, q));
  const A_1 = group.add(group.multiplyBase(f1), group.negate(group.add(A_0, A_2)));
  const forge = (): Opening => ({
    coefficients: [A_0, A_1, A_2].map((point) => group.encode(point)),
    proofCommitment: group.encode(group.base),
    proofResponse: group.encodeScalar(1n),
  });
  const run = await generated(
    dealing(forge, (to) => (to === 1 ? f1 : f2)),
    3,
  );
  const stopped = named(run);
  if (stopped.length > 0) return { stopped };
  const [V_0] = keyOf(run) ?? [];
  const point = V_0 && group.decode(V_0);
  return unstopped(
    point !== undefined && group.equal(point, wanted) && 'a key whose secret the attacker knows',
  );
}

/** One node twice among the participants: it would hold two shares. */
function sameNodeTwice(): Attempt {
  const bytes = generateRequest('cold', {
    algorithm: Algorithm.GG20_SECP256K1,
    participants: ['node-1', 'node-1', 'node-2'],
  });
  const parsed = parseRequest(TASK_KINDS, METHODS.generateKey, bytes);
  return parsed.ok
    ? unstopped('a key of which one node has two shares')
    : stoppedBy(parsed.refusal.reason);
}

const WRONG = 'Wrong keygen/commit or keygen/open';

export const KEY_GENERATION: readonly Gg20Attack[] = [
  {
    row: 19,
    name: 'a polynomial of one degree more, well proved and well dealt',
    culprit: ATTACKER,
    stopped: WRONG,
    removed: [
      removal(
        'sharing/checks.js',
        'opening?.coefficients.length !== threshold',
        'opening === undefined',
      ),
    ],
    run: higherDegree,
  },
  {
    row: 20,
    name: 'one node twice among the participants',
    stopped: 'DUPLICATE_PARTICIPANT',
    removed: [
      removal(
        'state/request-fields.js',
        'new Set(participants).size === participants.length',
        'true',
      ),
    ],
    run: sameNodeTwice,
  },
  {
    row: 21,
    name: 'an A_0 that cancels the others’, dealt in the exponent',
    culprit: ATTACKER,
    stopped: WRONG,
    removed: [
      removal(
        'sharing/checks.js',
        'return group.equal(group.multiplyPublic(group.base, z), expected);',
        'return true;',
      ),
    ],
    run: rogueKey,
  },
];
