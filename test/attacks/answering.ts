import type { Suite } from '../../src/frost/index.js';
import { VERIFIERS } from '../../src/machine/index.js';
import { signatureOf } from '../../src/state/index.js';
import type { Command, TaskMessageBody, TaskRecord } from '../../src/wire/index.js';
import { ofSuite, unless } from './case.js';
import type { AttackCase } from './case.js';
import { Cluster, MESSAGE, ONE, THREE, TWO } from './cluster.js';
import { flipped } from '../support/adversary/forgery.js';

type Lie = {
  readonly name: string;
  readonly liar: typeof ONE;
  /** What becomes of the liar's message. */
  readonly says?: (message: TaskMessageBody, to: string) => readonly TaskMessageBody[];
  /** What the liar appends as leader instead. */
  readonly appends?: (command: Command) => readonly Command[];
  /** Whether the log ends with a signature. */
  readonly isRecorded: boolean;
};

/**
 * Lies about what attempts have come to, in a signature that node-2's client waits for and nodes 1 and 3 make. A client is
 * told a signature that verifies, or nothing; nobody but a leader can keep one out of the log; and nobody is blamed.
 */
export function answeringCases(suite: Suite): readonly AttackCase[] {
  return LIES.map((lie): AttackCase => ({
    name: ofSuite(suite, `answering: ${lie.name}`),
    rows: [31],
    expected: [],
    liars: [lie.liar],
    run: async () => {
      const cluster = await Cluster.start(suite, lie.liar, true);
      cluster.meddling = (_, to, message) => lie.says?.(message, to) ?? [message];
      cluster.proposing = (command) => lie.appends?.(command) ?? [command];
      await cluster.sign('one', [ONE, THREE]);
      await cluster.pass(500);
      cluster.stop();
      const [told, task] = [cluster.told.get('one'), cluster.task('one')];
      const isWronged = told !== undefined && lie.liar !== TWO && !verifies(cluster, told);
      const isRecorded = task !== undefined && verifies(cluster, task);
      return {
        named: await cluster.named(),
        problems: [
          ...unless(!isWronged, 'a client was told what does not verify'),
          ...unless(told !== undefined, 'a client was told nothing'),
          ...unless(isRecorded === lie.isRecorded, `the log has ${cluster.outcome('one')}`),
        ],
      };
    },
  }));
}

function verifies({ ledger, suite }: Cluster, task: TaskRecord): boolean {
  const publicKey = ledger.ask.key('treasury')?.publicKey ?? new Uint8Array(0);
  const signed = signatureOf(task);
  return (
    signed !== undefined && VERIFIERS[suite.algorithm].verify(publicKey, MESSAGE, signed.signature)
  );
}

/** A result with its last byte changed: the nonce point is right. */
function wrong({ message }: TaskMessageBody): readonly TaskMessageBody[] {
  if (message?.$case !== 'result') return [{ message }];
  const { value } = message;
  const material = flipped(value.material, value.material.length - 1);
  return [{ message: { $case: 'result', value: { ...value, material } } }];
}

const isOutcome = ({ command }: Command): boolean =>
  command?.$case === 'done' || command?.$case === 'failed';

const LIES: readonly Lie[] = [
  { name: 'a wrong result for the leader', liar: TWO, says: wrong, isRecorded: true },
  {
    name: 'no result for the leader',
    liar: TWO,
    says: (message) => (message.message?.$case === 'result' ? [] : [message]),
    isRecorded: true,
  },
  {
    name: 'a leader that records nothing',
    liar: ONE,
    appends: (command) => (isOutcome(command) ? [] : [command]),
    isRecorded: false,
  },
  {
    name: 'a leader that records a failure',
    liar: ONE,
    appends: ({ level, command }) => {
      if (command?.$case !== 'done') return [{ level, command }];
      const { taskId } = command.value;
      const value = { taskId, reason: 'ATTEMPTS_EXHAUSTED', evidence: [] };
      return [{ level, command: { $case: 'failed', value } }];
    },
    isRecorded: false,
  },
  {
    name: 'a leader that records a wrong signature',
    liar: ONE,
    appends: ({ level, command }) => {
      if (command?.$case !== 'done') return [{ level, command }];
      const { material, ...done } = command.value;
      const value = { ...done, material: flipped(material, material.length - 1) };
      return [{ level, command: { $case: 'done', value } }];
    },
    isRecorded: false,
  },
];
