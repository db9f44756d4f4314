import { GENERATION_AGE_MS } from '../../../src/state/limits.js';
import { Algorithm } from '../../../src/wire/index.js';
import type { Attempt, Auxiliary } from '../../../src/wire/index.js';
import { fill, Ledger, NODES } from '../../support/builders/ledger.js';
import {
  activeGg20Key,
  prepare,
  prepareAttempt,
  prepared,
  recordOf,
  sessionAttempt,
  upkeep,
} from '../../support/builders/participant-sets.js';
import { stoppedBy, unstopped } from './attack.js';
import type { Attempt as Outcome, Gg20Attack, Removal } from './attack.js';
import { removal } from './key-runs.js';

/** The active generation of the set of all voters. */
function activeOf(ledger: Ledger): Auxiliary {
  const preparation = recordOf(ledger)?.active?.preparation;
  if (preparation === undefined) throw new Error('there is one');
  const { setId, generation, digest } = preparation;
  return { setId, generation, digest };
}

const OVERTAKEN = 'no session is begun under moduli that have been renewed';

/** A lying leader’s attempt of a signature: void, with the alarm that says why, or for all to take part in. */
function attempted(
  names: readonly string[] | undefined,
  more: (ledger: Ledger) => Partial<Attempt>,
  won: string,
  members: readonly string[] = NODES,
): Outcome {
  const ledger = new Ledger();
  ledger.generate('first', { algorithm: Algorithm.GG20_SECP256K1 });
  prepare(ledger, {}, members);
  activeGg20Key(ledger, 'treasury');
  const [id = ''] = ledger.sign('treasury', 'one').changedTasks;
  const changed = more(ledger);
  const value = { ...sessionAttempt(ledger, 'treasury', id, 1, names), ...changed };
  const { alarm } = ledger.command({ $case: 'attempt', value });
  if (alarm !== undefined) return stoppedBy(alarm);
  // A leader that has not seen a renewal yet is no liar: its attempt is void without an alarm.
  return ledger.task(id).attempts.length > 0 ? unstopped(won) : stoppedBy(OVERTAKEN);
}

/** Whoever took the primes of the old generation reads K of the new attempt. */
function staleGeneration(): Outcome {
  return attempted(
    undefined,
    (ledger) => {
      const auxiliary = activeOf(ledger);
      ledger.timeMs += GENERATION_AGE_MS;
      prepare(ledger);
      return { auxiliary };
    },
    'a session under moduli that have been renewed',
  );
}

/** The prepare’s attempt names three, and two say `prepared`: the third may have heard other moduli. */
function preparedOfSome(): Outcome {
  const ledger = new Ledger();
  ledger.generate('first', { algorithm: Algorithm.GG20_SECP256K1 });
  const [id = ''] = upkeep(ledger).changedTasks;
  prepareAttempt(ledger, ledger.task(id));
  for (const node of NODES.slice(0, 2)) {
    if (ledger.task(id).outcome !== undefined) break;
    ledger.command({ $case: 'prepared', value: prepared(ledger, ledger.task(id), node) });
  }
  return recordOf(ledger)?.active === undefined
    ? stoppedBy('no generation is active without every prepared')
    : unstopped('a generation that not all of its members have');
}

/** One of two members has heard other moduli than the other. */
function preparedOfOther(): Outcome {
  const ledger = new Ledger();
  ledger.generate('first', { algorithm: Algorithm.GG20_SECP256K1 });
  const [id = ''] = upkeep(ledger).changedTasks;
  prepareAttempt(ledger, ledger.task(id));
  for (const [at, node] of NODES.entries()) {
    const value = prepared(ledger, ledger.task(id), node, { digest: fill(at === 0 ? 6 : 5) });
    ledger.command({ $case: 'prepared', value });
  }
  return recordOf(ledger)?.active === undefined
    ? stoppedBy('no generation is active that two members hold otherwise')
    : unstopped('a generation of which members hold different moduli');
}

const BREAKS = 'an attempt that breaks the rules';
const OTHER_MATERIAL: Removal = removal(
  'state/participant-sets.js',
  'return equal(encode(Auxiliary, auxiliary), encode(Auxiliary, active))\n        ?',
  'return true\n        ?',
);

export const ENTRIES: readonly Gg20Attack[] = [
  {
    row: 17,
    name: 'prepared of two of three members',
    stopped: 'no generation is active without every prepared',
    removed: [removal('state/apply-prepared.js', 'said.length === preparation.members.length && ')],
    run: preparedOfSome,
  },
  {
    row: 17,
    name: 'prepared of another digest by one of three members',
    stopped: 'no generation is active that two members hold otherwise',
    removed: [
      removal('state/apply-prepared.js', ' && said.every((one) => agree(one, preparation))'),
    ],
    run: preparedOfOther,
  },
  {
    row: 20,
    name: 'a signer twice among the signers of an attempt',
    stopped: BREAKS,
    removed: [
      removal(
        'state/session-attempts.js',
        'nodes.length === threshold &&\n        isSorted(nodes) &&',
        'nodes.length === threshold &&',
      ),
    ],
    run: () => attempted(['node-1', 'node-1'], () => ({}), 'one signer, who is to be two of two'),
  },
  {
    row: 29,
    name: 'a leader that names moduli which nobody prepared',
    stopped: BREAKS,
    removed: [OTHER_MATERIAL],
    run: () =>
      attempted(
        undefined,
        (ledger) => ({ auxiliary: { ...activeOf(ledger), digest: fill(7) } }),
        'an attempt under a digest of the leader’s own',
      ),
  },
  {
    row: 29,
    name: 'a leader that names a signer without moduli in the generation',
    stopped: BREAKS,
    removed: [removal('state/session-attempts.js', 'members.includes(nodeId) && boot', 'boot')],
    run: () =>
      attempted(['node-1', 'node-3'], () => ({}), 'a signer with no moduli', NODES.slice(0, 2)),
  },
  {
    row: 29,
    name: 'a leader that names one signer more than are needed',
    stopped: BREAKS,
    removed: [
      removal(
        'state/session-attempts.js',
        'nodes.length === threshold &&\n',
        'nodes.length >= threshold &&\n',
      ),
    ],
    run: () => attempted(NODES, () => ({}), 'more signers than the weights are for'),
  },
  {
    row: 43,
    name: 'an attempt under a generation that has been renewed',
    stopped: OVERTAKEN,
    removed: [OTHER_MATERIAL],
    run: staleGeneration,
  },
];
