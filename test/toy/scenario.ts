import { sessionId, toHex, type NodeId, type SessionId } from '../../src/common/index.js';
import { wholeNodesWith, type NodeProcess } from '../simulation/whole-nodes.js';
import { Rng } from '../simulation/rng.js';
import type { MakeScenario } from '../simulation/simulation.js';
import { falseOutput, twoFaced, wrongValue, type Lie } from './lie.js';
import { TOY_BYTES } from './protocol.js';
import { TOY_METHOD, toyRequest, toyRules } from './rules.js';
import { toyTables } from './tables.js';

/** A mistake in the toy that the simulator must find. */
export type ToyMistake = { readonly awaitsEchoes?: false; readonly isOneEnough?: true };

/** What came of toys in all runs of a scenario. */
export type ToyTally = { done: number; failed: number; outputs: number; lies: number };

export function noToys(): ToyTally {
  return { done: 0, failed: 0, outputs: 0, lies: 0 };
}

const EVERY_MS = 900;
const EXPIRES_IN_MS = 25_000;
/** Of the sessions that the malicious node takes part in. */
const LIES = 0.6;

/**
 * Whole nodes with the toy in their tables, whose clients ask for toys beside keys and signatures. Where the seed has a malicious
 * node it lies in toys. Checked: honest participants of a session come to one output, and a result is such an output.
 */
export function toyNodes(
  mistake: ToyMistake = {},
  tally: ToyTally = noToys(),
): MakeScenario<NodeProcess> {
  return wholeNodesWith(({ seed, rates, nodes, report }) => {
    const rng = new Rng(seed, 'toy lies');
    /** By session: what an honest participant came to. */
    const outputs = new Map<SessionId, string>();
    const onOutput = (session: SessionId, output: Uint8Array): void => {
      tally.outputs++;
      const first = outputs.get(session) ?? toHex(output);
      outputs.set(session, first);
      if (first !== toHex(output)) report('Toy', `two outputs of session ${session}`);
    };
    const lieIn = (_: SessionId, among: readonly NodeId[]): Lie | undefined => {
      if (!rng.chance(LIES)) return undefined;
      tally.lies++;
      const others = among.flatMap((node, at) => (node === rates.liar ? [] : [at + 1]));
      const [victim, other] = [rng.pick(others), rng.bytes(TOY_BYTES)];
      return mistake.awaitsEchoes === false
        ? // What an echo is for.
          twoFaced(victim, other)
        : rng.pick([twoFaced(victim, other), wrongValue(victim, other), falseOutput(other)]);
    };
    return {
      kinds: (node) =>
        toyTables({ ...mistake, ...(node === rates.liar ? { lieIn } : { onOutput }) }),
      requestIdOf(method, request) {
        if (method !== TOY_METHOD) return undefined;
        const parsed = toyRules().parse(request, 1);
        return parsed.ok ? parsed.value.requestId : '';
      },
      requests: [
        {
          method: TOY_METHOD,
          everyMs: EVERY_MS,
          ask: (clients, number) => {
            const requestId = `toy-${number}`;
            return {
              method: TOY_METHOD,
              bytes: toyRequest(requestId, 2 + clients.int(nodes.length - 1)),
              requester: `spiffe://quorate/app/client-${clients.int(2)}`,
              requestId,
              key: undefined,
              signed: undefined,
              expiresInMs: EXPIRES_IN_MS,
            };
          },
          answered({ taskId, attempts, outcome }) {
            if (outcome?.$case !== 'result') {
              tally.failed++;
              return;
            }
            tally.done++;
            const made = attempts.map((each) => outputs.get(sessionId(toHex(each.sessionId))));
            if (!made.includes(toHex(outcome.value))) {
              report('Toy', `the result of ${taskId} is what no honest participant came to`);
            }
          },
        },
      ],
    };
  });
}
