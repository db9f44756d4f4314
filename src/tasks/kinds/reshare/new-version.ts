import { compareText } from '../../../common/index.js';
import type { PartyIndex } from '../../../common/index.js';
import { partyIndexOf } from '../../../identity/index.js';
import type { NewSharing, ReshareFacts } from '../../../sharing/index.js';
import { versionAsked, versionDue } from '../../../state/index.js';
import type {
  JudgingContext,
  NewVersion,
  ParsedRefresh,
  ParsedRequest,
  ParsedReshare,
  View,
} from '../../../state/index.js';
import type { Sharing } from '../../../wire/index.js';
import type { LiveAttempt, LiveTask } from '../../live-tasks.js';

/** A request for a key's next version, whether a requester asks for it or the cluster itself. */
export type ParsedNewVersion = ParsedReshare | ParsedRefresh;
export type ReshareTask = LiveTask<ParsedNewVersion>;
export type ReshareAttempt = LiveAttempt<ParsedNewVersion>;

/** The version that is asked for, of the key as it is; `undefined` where there is no such key. */
export function newVersionOf(
  view: View,
  asked: ParsedNewVersion,
  context: JudgingContext,
): NewVersion | undefined {
  return asked.kind === 'reshare' ? versionAsked(view, asked, context) : versionDue(view, asked);
}

/** The facts of a reshare, as its attempt's entry and the state fix them: all parties have them alike. */
export function reshareFacts(
  { record, participants, task }: ReshareAttempt,
  { key, threshold, participants: receivers }: NewVersion,
): ReshareFacts {
  const { dealers = [], auxiliary } = record.attempt ?? {};
  const dealerOf = (node: string): PartyIndex =>
    dealers.includes(node) ? partyIndexOf(key.participants, node) : 0;
  return {
    keyId: key.keyId,
    requestHash: task.record.requestHash,
    base: { version: key.version, sessionId: key.sessionId, V: key.publicPolynomial },
    threshold,
    parties: participants.map(({ nodeId }) => ({
      nodeId,
      dealer: dealerOf(nodeId),
      receiver: partyIndexOf(receivers, nodeId),
    })),
    auxDigest: auxiliary?.digest,
  };
}

/** The statement that a receiver signs of its new share: public key and chain code are the base's. */
export function newSharing(
  { record, task }: ReshareAttempt,
  { key, threshold, participants }: NewVersion,
  { V, digest }: NewSharing,
): Sharing {
  const { keyId, algorithm, version: baseVersion, publicKey, chainCode } = key;
  return {
    sessionId: record.sessionId,
    requestHash: task.record.requestHash,
    keyId,
    algorithm,
    threshold,
    participants: [...participants],
    baseVersion,
    version: baseVersion + 1,
    publicPolynomial: [...V],
    publicKey,
    chainCode,
    digest,
  };
}

/** Claims that a request is for a key's next version. */
export function isNewVersion(asked: ParsedRequest): asked is ParsedNewVersion {
  return asked.kind === 'reshare' || asked.kind === 'refresh';
}

/** Dealers and receivers together, by node id: the parties of a session. */
export function partiesOf(dealers: readonly string[], receivers: readonly string[]): string[] {
  return [...new Set([...dealers, ...receivers])].sort(compareText);
}
