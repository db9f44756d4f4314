import type { PartyIndex } from '../common/index.js';
import type { Envelope } from '../wire/index.js';

/**
 * A run of a protocol ended, and for once somebody is to blame: each culprit signed something that fails a check or
 * contradicts itself. Absence, lateness and what cannot be read never lead here.
 */
export class ProtocolAbort extends Error {
  override readonly name = 'ProtocolAbort';
  readonly culprits: readonly PartyIndex[];
  /** The culprits' own signed messages, open: enough for anybody to judge again. */
  readonly evidence: readonly Envelope[];

  constructor(
    message: string,
    culprits: readonly PartyIndex[],
    evidence: readonly Envelope[] = [],
  ) {
    super(message);
    this.culprits = culprits;
    this.evidence = evidence;
  }
}
