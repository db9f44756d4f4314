import type { PartyIndex } from '../../src/common/index.js';
import { signEnvelope, TO_ALL } from '../../src/mpc/index.js';
import type { Signer } from '../../src/ports/index.js';
import type { Envelope } from '../../src/wire/index.js';
import { commitmentToOther, toy } from './protocol.js';

/** What a malicious participant does otherwise in one session. */
export type Lie = {
  /** The value that it opens to one participant, where that is not its own. */
  valueFor(to: PartyIndex): Uint8Array | undefined;
  /** A message as it reaches one participant. */
  altered(signer: Signer, to: PartyIndex, envelope: Envelope): Envelope;
  /** The output that it contributes, where that is not what came out. */
  output(drawn: Uint8Array): Uint8Array | undefined;
};

const HONEST: Lie = {
  valueFor: () => undefined,
  altered: (_, __, envelope) => envelope,
  output: () => undefined,
};

/** Commits to `other` towards one participant and opens that there: each message is right by itself, and signed. */
export function twoFaced(victim: PartyIndex, other: Uint8Array): Lie {
  return {
    ...HONEST,
    valueFor: (to) => (to === victim ? other : undefined),
    altered(signer, to, envelope) {
      const { sessionId, kind, from, content } = envelope;
      if (to !== victim || kind !== toy.kinds.commit || content?.$case !== 'open') return envelope;
      const body = commitmentToOther(sessionId, from, content.value.body, other);
      return signEnvelope(signer, sessionId, kind, from, TO_ALL, body);
    },
  };
}

/** Opens another value than it committed to, to one participant. */
export function wrongValue(victim: PartyIndex, other: Uint8Array): Lie {
  return { ...HONEST, valueFor: (to) => (to === victim ? other : undefined) };
}

/** Says another output than came out. */
export function falseOutput(other: Uint8Array): Lie {
  return { ...HONEST, output: () => other };
}
