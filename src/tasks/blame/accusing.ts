import type { PartyIndex } from '../../common/index.js';
import { partyIndexOf } from '../../identity/index.js';
import { evidenceOfMessages, evidenceOfShare } from '../../blame/index.js';
import { verifiedBody } from '../../mpc/index.js';
import { readyOfKey } from '../../state/index.js';
import type { Envelope } from '../../wire/index.js';
import type { Culprits } from './culprits.js';
import type { LiveAttempt } from '../live-tasks.js';
import { basisOf, complaint, signedBodyOf } from './complaining.js';
import type { TaskContext } from '../context.js';

/** Shows all voters the lies of signers that this voter has found out. */
export class Accusing {
  readonly #context: TaskContext;
  readonly #culprits: Culprits;

  constructor(context: TaskContext, culprits: Culprits) {
    this.#context = context;
    this.#culprits = culprits;
  }

  /** A signed share that failed its check. */
  wrongShare(attempt: LiveAttempt, index: PartyIndex, envelope: Envelope): void {
    const { key } = attempt;
    const node = key?.participants[index - 1]?.nodeId ?? '';
    const ready = key && readyOfKey(key, node);
    const basis = basisOf(attempt);
    const [share] = signedBodyOf(envelope);
    if (basis === undefined || ready === undefined || share === undefined) return;
    void this.#show(attempt, node, evidenceOfShare(basis, node, share, ready));
  }

  /**
   * A second share that says another thing than the first.
   *
   * @returns Which share lacks its signer's signature, if one does: such a share counts as absent, and blames no node.
   */
  twoShares(
    attempt: LiveAttempt,
    first: Envelope,
    second: Envelope,
  ): 'first' | 'second' | undefined {
    const { verify } = this.#context.judging;
    const signer = attempt.participants[first.from - 1];
    const isSigned = (envelope: Envelope): boolean =>
      signer !== undefined && verifiedBody(verify, signer.identityKey, envelope) !== undefined;
    if (!isSigned(second)) return 'second';
    if (!isSigned(first)) return 'first';
    const basis = basisOf(attempt);
    const evidence = basis && evidenceOfMessages(basis, signer?.nodeId ?? '', [first, second]);
    if (evidence !== undefined) void this.#show(attempt, signer?.nodeId ?? '', evidence);
    return undefined;
  }

  /** Says nothing that it could not prove, and nothing more of a node that is proved to have lied in the task. */
  async #show(attempt: LiveAttempt, node: string, evidence: Uint8Array): Promise<void> {
    if (this.#culprits.provedIn(attempt.task.id, node)) return;
    if ((await this.#culprits.take(evidence)) === undefined) return;
    const index = partyIndexOf(attempt.participants, this.#context.self.id);
    const shown = { $case: 'evidence' as const, value: { items: [evidence] } };
    const value = complaint(this.#context, attempt, index, shown);
    this.#context.outbox.broadcast({ message: { $case: 'envelope', value } });
  }
}
