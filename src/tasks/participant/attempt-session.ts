import type { PartyIndex } from '../../common/index.js';
import { nodeId } from '../../common/index.js';
import { startSession } from '../../mpc/index.js';
import type { Protocol, Rounds, Session } from '../../mpc/index.js';
import type { Random } from '../../ports/index.js';
import type { Envelope, KeyParticipant } from '../../wire/index.js';
import type { TaskContext } from '../context.js';
import type { LiveAttempt } from '../live-tasks.js';

/** A session's participants, in order of party index, and this node's own index. */
export type SessionMembers = {
  readonly participants: readonly KeyParticipant[];
  readonly index: PartyIndex;
  readonly groups: SessionGroups;
};

/** The groups of participants that a protocol tells apart, by name: party indices, ascending. */
export type SessionGroups = Readonly<Record<string, readonly PartyIndex[]>>;

/** Ends a session without a result and without blame. */
export class SessionOver extends Error {
  override readonly name = 'SessionOver';
}

/** The envelope that goes to one participant in place of the honest one, in tests. */
export type Altered = (to: PartyIndex, envelope: Envelope) => Envelope;

/**
 * Starts this node's session of an attempt: its messages go to the other participants by their nodes, and none leaves once
 * the request has expired by this node's own clock.
 */
export function startAttemptSession<R extends Rounds>(
  context: TaskContext,
  random: Random,
  protocol: Protocol<R, string>,
  { record, task }: LiveAttempt,
  { participants, index, groups }: SessionMembers,
  altered: Altered = (_, envelope) => envelope,
): Session<R> {
  const { clock, outbox, judging, self } = context;
  return startSession<R, string>({
    protocol,
    groups,
    sessionId: record.sessionId,
    index,
    identityKeys: participants.map(({ identityKey }) => identityKey),
    signer: self.signer,
    verify: judging.verify,
    random,
    send: (to, envelope) => {
      const peer = participants[to - 1];
      if (peer === undefined || clock.now() >= task.expireTimeMs) return;
      const value = altered(to, envelope);
      outbox.send(nodeId(peer.nodeId), { message: { $case: 'envelope', value } });
    },
  });
}
