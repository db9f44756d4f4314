import { equal } from '../../../src/common/index.js';
import type { PartyIndex } from '../../../src/common/index.js';
import { ProtocolAbort } from '../../../src/mpc/index.js';
import { isShareOf } from '../../../src/sharing/index.js';
import type { NewSharing } from '../../../src/sharing/index.js';
import {
  dealtSharing,
  pointOf,
  reshareFacts,
  runReshare,
} from '../../support/builders/reshare-exchange.js';
import type { Reshare, ReshareOptions } from '../../support/builders/reshare-exchange.js';
import {
  ATTACKER,
  DEALERS,
  dealsOtherwise,
  dealtPolynomial,
  handsOut,
  HONEST,
  NODES,
  pointsOf,
} from '../../support/adversary/reshare-liar.js';
import { unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { group, removal, signers, suite } from './key-runs.js';

/** A key of GG20 is shared anew by the engine of all keys, in the curve’s group: 2-of-3, dealt by node 1 and the attacker. */
const base = dealtSharing(suite, 2, NODES);
const attempt = { sharing: suite, base, dealers: DEALERS, receivers: NODES, threshold: 2 };
const facts = reshareFacts(attempt);
const [V_0 = new Uint8Array()] = base.V;

function attacked(options: Partial<ReshareOptions>): Promise<Reshare> {
  return runReshare({ ...attempt, signers, ...options });
}

/** The attacker commits to a polynomial of so many points and deals from it; it begins `shift` beside its own share. */
function dealing(points: number, shift = 0n): Promise<Reshare> {
  const polynomial = dealtPolynomial(suite, base, facts, points, shift);
  const value = (to: PartyIndex) => ({ value: group.encodeScalar(polynomial.evaluate(to)) });
  return attacked({ corrupt: dealsOtherwise(pointsOf(suite, polynomial), value) });
}

/** Whom honest parties name, or what the attacker has got of what they made. */
function ended(
  { outcomes }: Reshare,
  won: (made: readonly NewSharing[]) => string | false,
): Attempt {
  const own = HONEST.map((party) => outcomes[party - 1] ?? 'waiting');
  const stopped = own.flatMap((outcome): readonly string[] => {
    if (outcome === 'waiting' || !('error' in outcome)) return [];
    const { error } = outcome;
    if (!(error instanceof ProtocolAbort)) return [String(error)];
    if (error.culprits.length === 0) return [error.message];
    return error.culprits.map((culprit) => `${culprit} ${error.message}`);
  });
  if (stopped.length > 0) return { stopped };
  const made = own.flatMap((outcome) =>
    outcome !== 'waiting' && 'result' in outcome ? (outcome.result ?? []) : [],
  );
  return unstopped(made.length === HONEST.length && won(made));
}

/** One member gets a value that is on no polynomial: once the others have forgotten their old shares, too few are left. */
async function badValue(): Promise<Attempt> {
  const wrong = { value: group.encodeScalar(5n) };
  const run = await attacked({ corrupt: handsOut((to, right) => (to === 2 ? wrong : right)) });
  return ended(
    run,
    (made) =>
      made.some(({ V, share }) => !isShareOf(suite, V, share)) &&
      'a member whose new share is of no use, and knows nothing of it',
  );
}

/** The attacker deals another number than its share: each time it may shift the key by what it likes, and see what fails. */
async function otherConstant(): Promise<Attempt> {
  return ended(
    await dealing(2, 5n),
    ([first]) =>
      first !== undefined &&
      !equal(first.V[0] ?? V_0, V_0) &&
      'a new version whose shares are of another key',
  );
}

async function higherDegree(): Promise<Attempt> {
  return ended(await dealing(3), (made) => {
    const point = pointOf(
      suite,
      made.map(({ share }) => share),
    );
    return !equal(point, V_0) && 'a key that two of three cannot use any more';
  });
}

const WRONG_OPENING = 'Wrong reshare/commit or reshare/open';

export const RESHARING: readonly Gg20Attack[] = [
  {
    row: 16,
    name: 'a wrong value of a reshare for one member',
    culprit: ATTACKER,
    stopped: 'Wrong reshare/open or reshare/value',
    removed: [
      removal(
        'sharing/checks.js',
        'return group.equal(group.multiplyBase(scalar), evaluateInExponent(group, A, to));',
        'return true;',
      ),
    ],
    run: badValue,
  },
  {
    row: 18,
    name: 'an A’_0 of a dealer that is not its share times its weight, well committed to and dealt',
    culprit: ATTACKER,
    stopped: WRONG_OPENING,
    removed: [
      removal(
        'sharing/reshare/checks.js',
        'return expected !== undefined && sharing.group.equal(A_0, expected);',
        'return true;',
      ),
      removal(
        'sharing/reshare/checks.js',
        'return dealt_0 !== undefined && equal(dealt_0, V_0) ? V : undefined;',
        'return V;',
      ),
    ],
    run: otherConstant,
  },
  {
    row: 19,
    name: 'a polynomial of a reshare of one degree more, well committed to and dealt',
    culprit: ATTACKER,
    stopped: WRONG_OPENING,
    removed: [
      removal(
        'sharing/reshare/checks.js',
        'dealt?.coefficients.length !== threshold',
        'dealt === undefined',
      ),
    ],
    run: higherDegree,
  },
];
