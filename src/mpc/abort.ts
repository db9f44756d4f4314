import type { PartyIndex } from '../common/index.js';
import type { Envelope } from '../wire/index.js';

/**
 * A run of a protocol ended, and the culprits are known: each signed a message that fails a check or contradicts another of
 * its own. Absence, lateness and a message that cannot be read never lead here.
 */
export class ProtocolAbort extends Error {
  override readonly name = 'ProtocolAbort';
  readonly culprits: readonly PartyIndex[];
  /** The culprits' own signed messages, not sealed: any node can judge them again. */
  readonly evidence: readonly Envelope[];
  /** Others' signed messages, which those of a culprit are held against, by culprit. */
  readonly beside: ReadonlyMap<PartyIndex, readonly Envelope[]>;

  constructor(
    message: string,
    culprits: readonly PartyIndex[],
    evidence: readonly Envelope[] = [],
    beside: ReadonlyMap<PartyIndex, readonly Envelope[]> = new Map(),
  ) {
    super(message);
    this.culprits = culprits;
    this.evidence = evidence;
    this.beside = beside;
  }
}
