import { refusalError } from '../../common/index.js';
import { voucherBytes } from '../../identity/index.js';
import { admitArrival } from '../../state/index.js';
import type { Parsed } from '../../state/index.js';
import type { Request } from '../../wire/index.js';
import type { AppliedState, TaskContext } from '../context.js';
import { ClusterTime } from './cluster-time.js';
import type { Submission } from './submission.js';

type Context = Pick<TaskContext, 'self' | 'clock' | 'consensus' | 'judging'>;

/** Gives each request the authority that it goes to the log with: its requester's signature, or this node's voucher. */
export class Authorizing {
  readonly #context: Context;
  readonly #state: AppliedState;
  readonly #time: ClusterTime;

  constructor(context: Context, state: AppliedState) {
    this.#context = context;
    this.#state = state;
    this.#time = new ClusterTime(context, state);
  }

  /** Entries were applied. */
  applied(): void {
    this.#time.applied();
  }

  /**
   * The request as it goes to the log, and its requester. What every node would refuse is refused here.
   *
   * @param parsed - The call's request, read.
   * @throws {ClusterError} With the refusal.
   */
  authorize(
    call: Submission,
    parsed: Parsed,
  ): { readonly request: Request; readonly requester: string } {
    if (call.authorization === undefined) {
      return { request: this.#vouch(call), requester: call.requester };
    }
    const { method, request: bytes, authorization: value } = call;
    const authorization = { by: { $case: 'signed', value } } as const;
    const request: Request = { method, request: bytes, authorization, firstAttempt: undefined };
    const arrival = { bringer: call.requester, timeMs: this.#time.nowMs() };
    const judged = admitArrival(this.#state.view, request, parsed, arrival, this.#context.judging);
    if (!judged.ok) throw refusalError(judged.refusal);
    return { request, requester: judged.value.requester.spiffeId };
  }

  /** The word of this node for the request, good until a moment that its own clock and the cluster's have not reached. */
  #vouch(call: Submission): Request {
    const { self, clock, judging } = this.#context;
    const { queries } = this.#state;
    const expireTimeMs = Math.max(clock.now(), Number(queries.totals().timeMs)) + call.expiresInMs;
    const bytes = voucherBytes(
      judging.genesis.clusterId,
      call.method,
      call.requester,
      expireTimeMs,
      call.request,
    );
    return {
      method: call.method,
      request: call.request,
      authorization: {
        by: {
          $case: 'voucher',
          value: {
            nodeId: self.id,
            spiffeId: call.requester,
            expireTimeMs: BigInt(expireTimeMs),
            signature: self.signer.sign(bytes),
          },
        },
      },
      firstAttempt: undefined,
    };
  }
}
