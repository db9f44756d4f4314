import type { RaftMessage } from '../../src/wire/index.js';
import { AppendRefusal } from '../../src/wire/index.js';
import type { Status } from './process.js';

/** What a message of consensus says, as far as who takes it does something else about it. */
export const KINDS = [
  'pre-vote request',
  'vote request',
  'pre-vote granted',
  'pre-vote refused',
  'vote granted',
  'vote refused',
  'heartbeat',
  'append',
  'append matched',
  'append refused for time',
  'append in conflict',
  'acknowledgement',
  'read request',
  'read index',
  'read refused',
] as const;
export const ROLES = ['follower', 'precandidate', 'candidate', 'leader'] as const;
/** The message's term, as its receiver sees it. */
export const RELATIONS = ['lower', 'equal', 'higher'] as const;

export type Kind = (typeof KINDS)[number];
export type Role = (typeof ROLES)[number];
export type Relation = (typeof RELATIONS)[number];

/** One combination that a message can come in. */
export type Cell = {
  readonly kind: Kind;
  readonly sender: Role;
  readonly relation: Relation;
  readonly receiver: Role;
};

/** A message that is under way, and who sent it as what. */
export type Passing = {
  readonly kind: Kind;
  readonly term: number;
  readonly sender: Role;
};

export const CELLS: readonly Cell[] = KINDS.flatMap((kind) =>
  ROLES.flatMap((sender) =>
    RELATIONS.flatMap((relation) =>
      ROLES.map((receiver): Cell => ({ kind, sender, relation, receiver })),
    ),
  ),
);

export function nameOf({ kind, sender, relation, receiver }: Cell): string {
  return `${kind} of a ${sender}, ${relation} term, at a ${receiver}`;
}

/** What `message` is, sent by a node with this status, if its role is known. */
export function passing(message: RaftMessage, status: Status | undefined): Passing | undefined {
  const kind = kindOf(message.message);
  if (kind === undefined || status?.role === undefined) return undefined;
  return { kind, term: Number(message.term), sender: status.role };
}

/** The cell that a message falls into when it comes to a node with this status. */
export function cellOf({ kind, term, sender }: Passing, status: Status): Cell | undefined {
  if (status.role === undefined) return undefined;
  const difference = Math.sign(term - status.term);
  const relation = RELATIONS[difference + 1] ?? 'equal';
  return { kind, sender, relation, receiver: status.role };
}

function kindOf(message: RaftMessage['message']): Kind | undefined {
  switch (message?.$case) {
    case 'voteRequest':
      return message.value.preVote ? 'pre-vote request' : 'vote request';
    case 'voteReply': {
      const { preVote, granted } = message.value;
      if (preVote) return granted ? 'pre-vote granted' : 'pre-vote refused';
      return granted ? 'vote granted' : 'vote refused';
    }
    case 'append':
      return message.value.entries.length > 0 ? 'append' : 'heartbeat';
    case 'appendReply':
      if (message.value.refusal === AppendRefusal.CONFLICT) return 'append in conflict';
      // Only where disks fill: too few runs to wait for each role and term.
      if (message.value.refusal === AppendRefusal.ROOM) return undefined;
      return message.value.refusal === AppendRefusal.TIME
        ? 'append refused for time'
        : 'append matched';
    case 'acknowledgement':
      return 'acknowledgement';
    case 'readRequest':
      return 'read request';
    case 'readReply':
      return message.value.index === 0n ? 'read refused' : 'read index';
    // Taken alike by every role.
    case 'timeRequest':
    case 'timeReply':
      return undefined;
    // Obeyed by a follower of its sender alone; `checkers/transfers.ts` looks at each.
    case 'timeoutNow':
      return undefined;
    // Of checkpoints and of what was promised: the core of consensus sees none of them.
    case 'checkpointSignature':
    case 'snapshotOffer':
    case 'snapshotRequest':
    case 'snapshotChunk':
    case 'snapshotHeld':
    case 'vote':
    case 'recordsRequest':
    case 'records':
      return undefined;
    case undefined:
      return undefined;
  }
}
