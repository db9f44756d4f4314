import { assert, Bug } from '../../common/index.js';
import { wipe } from '../../crypto/index.js';
import { ProtocolAbort, reliable, type Party } from '../../mpc/index.js';
import type { ParameterSet } from '../parameter-set.js';
import { acceptBody, acceptsHash, ETA_BYTES, isSameAccept } from '../sign/accept.js';
import { RoundRandom } from '../round-random.js';
import type { SignedBytes } from './begin.js';
import { signersOf, type SigningFacts } from './facts.js';
import type { OnlineRounds } from './online-protocol.js';
import type { Presigned } from './presign.js';
import { onlineShareJob, signedFacts } from './share-jobs.js';
import { signerAt, type SigningPorts } from './signing-run.js';

export type OnlineParts = {
  readonly party: Party<OnlineRounds>;
  readonly set: ParameterSet;
  /** Of this session, with the presignature's signers. */
  readonly facts: SigningFacts;
  readonly signed: SignedBytes;
  /** Taken from its store for this session: used here, or destroyed. */
  readonly presigned: Presigned;
  readonly ports: SigningPorts;
};

export type OnlineShare = {
  /** The body of SHARE_i: all that may be sent again. */
  readonly body: Uint8Array;
  /**
   * Resolves when all signers have told that they heard the same ACCEPTs; no share waits for it.
   *
   * @throws {ProtocolAbort} A signer said two ACCEPTs. No other signer's share is wrong for that.
   */
  readonly agreed: Promise<void>;
};

/** The round of ACCEPT, behind the seven of a presignature. */
const ROUND = 8;

/**
 * Signs one message with a presignature: every signer accepts message, path and key, and what all have accepted makes the
 * factor that the nonce is multiplied with, so that it is known to none of them before.
 *
 * @throws {ProtocolAbort} A signer accepts something else than the entry says.
 * @throws Bug for a bare digest, which no presignature serves: its caller does not take one for it.
 */
export async function signOnline(parts: OnlineParts): Promise<OnlineShare> {
  const { party, set, facts, signed, presigned, ports } = parts;
  const { secret, presigId } = presigned;
  try {
    assert(secret.length > 0, 'a presignature signs once');
    assert(signed.hash !== 0, 'no presignature serves a bare digest');
    const { random, deviceSecret, compute, lane } = ports;
    const { ssid0 } = facts;
    const nothing = new Uint8Array();
    using source = new RoundRandom(random, { deviceSecret, ssid0, round: ROUND, heard: nothing });
    const eta = source.bytes(ETA_BYTES);
    const body = acceptBody(set, ssid0, { presigId }, signedFacts(set, signed), eta);

    const all = reliable(party);
    const heard = await all.round('accept', { all: body });
    const others = heard.filter((each) => !isSameAccept(body, each.all));
    if (others.length > 0) {
      const culprits = others.map(({ from }) => from);
      const evidence = culprits.flatMap((from) => party.originals(['accept'], from));
      throw new ProtocolAbort('An ACCEPT is of something else', culprits, evidence);
    }
    const made = await compute.run(
      { ...onlineShareJob, lane },
      {
        facts,
        index: signerAt(signersOf(facts), party.index),
        signed,
        presignature: presigned.presignature,
        session: presigned.session,
        readies: presigned.readies,
        accepts: acceptsHash(heard.map((each) => each.all)),
        secret: { presignature: secret },
      },
    );
    if (!made.ok) throw new Bug('a share is made of an own presignature');
    // Once in 2^255 the factor or r is 0: the presignature is gone, and there is no culprit.
    if (made.value.body === undefined) throw new ProtocolAbort('No nonce came of it', []);
    const agreed = all.agreed();
    agreed.catch(() => undefined);
    return { body: made.value.body, agreed };
  } finally {
    // The job has emptied it, where it was taken so far.
    if (secret.length > 0) wipe(secret);
  }
}
