import { nodeId, toHex, utf8 } from '../../../src/common/index.js';
import type { NodeId } from '../../../src/common/index.js';
import { SESSION_SHARE_KIND } from '../../../src/gg20/index.js';
import { THIS_BUILD } from '../../../src/node/builds.js';
import type { NewTask } from '../../../src/state/index.js';
import type { LeaderContext } from '../../../src/tasks/kinds/driver.js';
import { signDriver } from '../../../src/tasks/kinds/sign/driver.js';
import { SignLeader } from '../../../src/tasks/kinds/sign/leader.js';
import { decode, Declined, decodeTaskMessage, Hash } from '../../../src/wire/index.js';
import type { Attempt as NamedAttempt, Envelope } from '../../../src/wire/index.js';
import { NODES } from '../../support/builders/ledger.js';
import { eventually } from '../../support/clusters/cluster-wait.js';
import {
  generatePresigned,
  heldBy,
  presigningTables,
  signPresigned,
  startPresigning,
} from '../../support/clusters/presigning-cluster.js';
import { stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { removal } from './key-runs.js';

/** As much as a busy machine takes. */
const WAIT_MS = 60_000;
const SIGNATURES_MAX = 10;
const [FIRST = nodeId('')] = NODES;

/** What a leader has named, whichever node leads. */
type Lie = { attempt?: NamedAttempt };

/** A leader that names, for each message, the presignature that it named for the first one. All else it does as it should. */
class NamingAgain extends SignLeader {
  readonly #lie: Lie;

  constructor(parts: LeaderContext, lie: Lie) {
    super(parts);
    this.#lie = lie;
  }

  override firstAttempt(task: NewTask): NamedAttempt | undefined {
    const attempt = super.firstAttempt(task);
    if (attempt?.presignature !== undefined) this.#lie.attempt ??= attempt;
    const { taskId, content: requestHash } = task;
    return this.#lie.attempt === undefined
      ? attempt
      : { ...this.#lie.attempt, taskId, requestHash, number: 1 };
  }
}

/** What signers said in sessions, as it went from replica to replica. */
class Heard {
  readonly #said: { readonly session: string; readonly node: NodeId; readonly what: string }[] = [];

  note(node: NodeId, bytes: Uint8Array): void {
    const message = decodeTaskMessage(bytes)?.message;
    if (message?.$case !== 'contribution' && message?.$case !== 'decline') return;
    const { envelope } = message.value;
    const what = message.$case === 'decline' ? reasonIn(envelope) : envelope?.kind;
    if (envelope !== undefined && what !== undefined)
      this.#said.push({ session: toHex(envelope.sessionId), node, what });
  }

  of(session: Uint8Array): readonly { readonly node: NodeId; readonly what: string }[] {
    return this.#said.filter((each) => each.session === toHex(session));
  }
}

function reasonIn(envelope: Envelope | undefined): string | undefined {
  return envelope?.content?.$case === 'open'
    ? decode(Declined, envelope.content.value.body)?.reason
    : undefined;
}

/** Three whole nodes, whose leader has two messages signed by entries that name one presignature. */
async function secondEntry(): Promise<Attempt> {
  const lie: Lie = {};
  const heard = new Heard();
  const sign = { ...signDriver, leader: (parts: LeaderContext) => new NamingAgain(parts, lie) };
  const { kinds } = THIS_BUILD;
  await using cluster = await startPresigning(1, {
    tablesOf: () => ({
      ...presigningTables(),
      kinds: { ...kinds, drivers: { ...kinds.drivers, sign } },
    }),
    altered: (from, channel, bytes) => {
      if (channel === 'tasks') heard.note(from, bytes);
      return bytes;
    },
  });
  await generatePresigned(cluster);
  await eventually('there is a presignature', () => heldBy(cluster) > 0, WAIT_MS);
  for (let at = 1; lie.attempt === undefined; at += 1) {
    if (at > SIGNATURES_MAX) throw new Error('no presignature was named');
    await signPresigned(cluster, FIRST, `first-${at}`, paying(at));
  }

  const again = await signPresigned(cluster, FIRST, 'again', paying(0));

  const [id] = again.named;
  const session = again.task.attempts[0]?.sessionId;
  const isLie = id !== undefined && toHex(id) === toHex(lie.attempt.presignature ?? id);
  if (!isLie || session === undefined) throw new Error('the leader did not name it again');
  await eventually('an answer', () => heard.of(session).length > 0, WAIT_MS);
  const said = heard.of(session);
  const shared = said.filter(({ what }) => what === SESSION_SHARE_KIND).map(({ node }) => node);
  return shared.length > 0
    ? unstopped(`shares of ${[...new Set(shared)].join(' and ')} for two messages, with one nonce`)
    : stoppedBy(...said.map(({ what }) => what));
}

const paying = (amount: number) =>
  ({ payload: { $case: 'message', value: utf8(`pay ${amount}`) }, hash: Hash.SHA256 }) as const;

export const SECOND_ENTRIES: readonly Gg20Attack[] = [
  {
    row: 22,
    name: 'a second entry that names a presignature, by the leader of whole nodes',
    stopped: 'nonce-gone',
    removed: [
      removal(
        'keys/presignatures.js',
        'this.#forget(hex, kept);\n        return kept.presigned;',
        'return { ...kept.presigned, secret: kept.presigned.secret.slice() };',
      ),
      removal('keys/presignatures.js', 'this.#drop(toHex(id));', 'void id;'),
    ],
    run: secondEntry,
  },
];
