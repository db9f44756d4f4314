import { assert, type PartyIndex } from '../common/index.js';
import { wipe } from '../crypto/index.js';
import type { Signer } from '../ports/index.js';
import { encodeSecret, SignedBody, type Envelope } from '../wire/index.js';
import { envelopeBytes, plainEnvelope, TO_ALL } from './envelope.js';
import type { Mine } from './party.js';
import { sealedBytesMax, type Carried, type Limits } from './protocol.js';
import type { RoundRun } from './round-run.js';
import type { Seals } from './seals.js';

export type OutboxParts = {
  readonly sessionId: Uint8Array;
  readonly index: PartyIndex;
  readonly signer: Signer;
  readonly seals: Seals;
  readonly limits: Limits;
  send(to: PartyIndex, envelope: Envelope): void;
};

/** The messages of this participant in a session: signed, sealed where they are secret, and kept to be sent again. */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #sent: { readonly to: PartyIndex; readonly envelope: Envelope }[] = [];

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Says `mine`: the broadcast, then the private messages. Nothing, for a participant that only receives in this round. */
  say(run: RoundRun, mine: Mine<Carried> | undefined): void {
    const { kind, receivers, broadcasts, privates } = run;
    const { all, each } = run.round;
    const { index, sessionId } = this.#parts;
    assert((mine !== undefined) === receivers.length > 0, `${kind} is said by all its senders`);
    if (mine === undefined) return;

    if (all !== undefined) {
      const signed = this.#sign(kind, TO_ALL, all.encode(mine.all));
      const envelope = plainEnvelope(sessionId, kind, index, TO_ALL, signed);
      for (const to of receivers) if (to !== index) this.#send(to, envelope);
      if (broadcasts?.hears(index) === true) broadcasts.add(index, signed);
    }
    if (each === undefined) return;
    for (const to of receivers) {
      const signed = this.#sign(kind, to, each.encode(mine.each?.(to)));
      if (to === index) privates?.add(index, signed);
      else if (run.round.isOpen === true)
        this.#send(to, plainEnvelope(sessionId, kind, index, to, signed));
      else this.#sendSealed(kind, to, signed);
    }
  }

  /** Sends everything again, byte for byte. */
  resend(): void {
    for (const { to, envelope } of this.#sent) this.#parts.send(to, envelope);
  }

  clear(): void {
    this.#sent.length = 0;
  }

  /** `signed` is wiped: what was sealed is for its receiver alone. */
  #sendSealed(kind: string, to: PartyIndex, signed: SignedBody): void {
    const { sessionId, index: from, seals, limits } = this.#parts;
    const plain = encodeSecret(SignedBody, signed, sealedBytesMax(limits));
    const value = seals.seal(kind, to, plain);
    wipe(plain, signed.body);
    this.#send(to, { sessionId, kind, from, to, content: { $case: 'sealed', value } });
  }

  #sign(kind: string, to: PartyIndex, body: Uint8Array): SignedBody {
    const { sessionId, index, signer, limits } = this.#parts;
    assert(body.length <= limits.bodyBytesMax, `${kind} is within its protocol's limit`);
    const signature = signer.sign(envelopeBytes(sessionId, kind, index, to, body));
    return { body, signature };
  }

  #send(to: PartyIndex, envelope: Envelope): void {
    this.#sent.push({ to, envelope });
    this.#parts.send(to, envelope);
  }
}
