import type { PartyIndex } from '../../common/index.js';
import { checkSums, showGamma } from '../presign/round4.js';
import { commonNonce, proveRb, showRb } from '../presign/round5.js';
import { checkRb, checkRbSum, showS } from '../presign/round6.js';
import { checkS, presignatureSecret, publicPresignature } from '../presign/round7.js';
import { unlessFaults } from '../presign/session.js';
import type { Bodies } from './facts.js';
import type { OwnSecret } from './nonce-jobs.js';
import { own, read, readAll, sessionJob, type SessionInput } from './session-job.js';
import { partsOf, presignatureLayout } from './presignature.js';
import { numberLayout, pointLayout } from '../zk/layout.js';

type Seeded = { readonly seed: Uint8Array; readonly nonce: Uint8Array };

export type CheckSumsInput = SessionInput<Seeded> & {
  readonly ssid: Uint8Array;
  /** Of round 3, by every signer. */
  readonly round3: Bodies;
  /** Private bodies of the others, as they came. */
  readonly each1: Bodies;
  readonly each2: Bodies;
};

/** Phase 4: looks at every T and every list of hashes, and shows Gamma. */
export const checkSumsJob = sessionJob(
  'check-sums',
  ({ session, bodies, secrets, random }, input: CheckSumsInput) => {
    const { ssid, round3, each1, each2, secret } = input;
    const heard = readAll(bodies.round3, round3);
    const checked = checkSums(session, ssid, heard, { round1: each1, round2: each2 });
    if (!checked.ok) return checked;
    const shown = showGamma(session, ssid, own(secrets.nonce, secret.nonce), random);
    return unlessFaults([], () => ({
      body: bodies.round4.encode(shown),
      deltaInverse: numberLayout(session.set.widths.scalar).encode(checked.value),
    }));
  },
);

export type CommonNonceInput = SessionInput<{ readonly nonce: Uint8Array }> & {
  readonly ssid: Uint8Array;
  readonly round1: Bodies;
  readonly round4: Bodies;
  readonly deltaInverse: Uint8Array;
};

/** Phases 4 and 5: looks at every Gamma, and gives R and the broadcast of round 5. */
export const commonNonceJob = sessionJob(
  'common-nonce',
  ({ session, bodies, secrets }, input: CommonNonceInput) => {
    const { ssid, round1, round4, deltaInverse, secret } = input;
    const { set } = session;
    const found = commonNonce(
      session,
      ssid,
      readAll(bodies.round1, round1),
      readAll(bodies.round4, round4),
      own(numberLayout(set.widths.scalar), deltaInverse),
    );
    if (!found.ok) return found;
    const R = found.value;
    const shown = showRb(session, own(secrets.nonce, secret.nonce), R);
    return unlessFaults([], () => ({
      R: set.curve.group.encode(R),
      body: bodies.round5.encode(shown),
    }));
  },
);

export type ProveRbInput = SessionInput<OwnSecret & { readonly nonce: Uint8Array }> & {
  readonly ssid: Uint8Array;
  readonly R: Uint8Array;
  /** Of round 5: this signer's own. */
  readonly body: Uint8Array;
  readonly to: PartyIndex;
};

/** Phase 5: Pi_R for one other signer. */
export const proveRbJob = sessionJob(
  'prove-rb',
  ({ session, bodies, secrets, random }, { ssid, body, to, secret, ...input }: ProveRbInput) => {
    const R = own(pointLayout(session.set.curve.group), input.R);
    const nonce = own(secrets.nonce, secret.nonce);
    const proof = proveRb(session, ssid, nonce, R, own(bodies.round5, body), to, random);
    return unlessFaults([], () => ({ body: bodies.round5Each.encode(proof) }));
  },
);

export type CheckRbInput = SessionInput<OwnSecret> & {
  readonly ssid: Uint8Array;
  readonly R: Uint8Array;
  readonly from: PartyIndex;
  readonly round1: Uint8Array;
  readonly round5: Uint8Array;
  readonly each5: Uint8Array;
};

/** Phase 5: looks at one other signer's Pi_R. */
export const checkRbJob = sessionJob('check-rb', ({ session, bodies }, input: CheckRbInput) => {
  const { ssid, from } = input;
  const R = own(pointLayout(session.set.curve.group), input.R);
  const faults = checkRb(
    session,
    ssid,
    R,
    from,
    read(bodies.round1, from, input.round1),
    read(bodies.round5, from, input.round5),
    read(bodies.round5Each, from, input.each5),
  );
  return unlessFaults(faults, () => ({}));
});

export type ShowSInput = SessionInput<{ readonly seed: Uint8Array; readonly sums: Uint8Array }> & {
  readonly ssid: Uint8Array;
  readonly R: Uint8Array;
  readonly round3: Uint8Array;
  readonly round5: Bodies;
  readonly hashes5: readonly Uint8Array[];
};

/** Phases 5 and 6: looks at the sum of all Rb, and shows S. */
export const showSJob = sessionJob(
  'show-s',
  ({ session, bodies, secrets, random }, input: ShowSInput) => {
    const { ssid, round3, round5, hashes5, secret } = input;
    const checked = checkRbSum(session, readAll(bodies.round5, round5));
    if (!checked.ok) return checked;
    const R = own(pointLayout(session.set.curve.group), input.R);
    const sums = own(secrets.sums, secret.sums);
    const shown = showS(session, ssid, R, sums, own(bodies.round3, round3), hashes5, random);
    return unlessFaults([], () => ({ body: bodies.round6.encode(shown) }));
  },
);

export type CheckSInput = SessionInput<{
  readonly nonce: Uint8Array;
  readonly sums: Uint8Array;
}> & {
  readonly ssid: Uint8Array;
  readonly R: Uint8Array;
  readonly round3: Bodies;
  readonly round5: Bodies;
  readonly round6: Bodies;
  readonly each5: Bodies;
  /** Of rounds 1, 3, 4, 5 and 6. */
  readonly echoes: readonly Uint8Array[];
};

/** Phase 6 and READY: looks at every S and their sum, and gives the presignature: its public half in bytes, and k ‖ sigma. */
export const checkSJob = sessionJob(
  'check-s',
  ({ session, bodies, secrets }, input: CheckSInput) => {
    const { ssid, each5, echoes, secret } = input;
    const R = own(pointLayout(session.set.curve.group), input.R);
    const sums = readAll(bodies.round3, input.round3);
    const S = readAll(bodies.round6, input.round6);
    const checked = checkS(session, ssid, R, sums, S, each5);
    if (!checked.ok) return checked;
    const rounds = { sums, Rb: readAll(bodies.round5, input.round5), S };
    const presignature = publicPresignature(session, ssid, R, rounds, echoes);
    const nonce = own(secrets.nonce, secret.nonce);
    const made = presignatureSecret(session, nonce, own(secrets.sums, secret.sums));
    return unlessFaults([], () => ({
      presigId: presignature.presigId,
      presignature: presignatureLayout(session.set, session.signers.length).encode(
        partsOf(presignature),
      ),
      secret: { presignature: made },
    }));
  },
);
