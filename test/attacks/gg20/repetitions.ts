import { keyId, sessionId, toHex } from '../../../src/common/index.js';
import {
  decodeBigEndian,
  encodeBigEndian,
  inverse,
  modulo,
  sha256,
} from '../../../src/crypto/index.js';
import { interactiveNonce, signatureShare, type SignedFacts } from '../../../src/gg20/index.js';
import { ProtocolAbort } from '../../../src/mpc/index.js';
import { ONE_AT_A_TIME_FAILURES, SESSIONS_END_FAILURES } from '../../../src/tasks/limits.js';
import { SessionSigning } from '../../../src/tasks/kinds/sign/session-signing.js';
import { Algorithm } from '../../../src/wire/index.js';
import { gg20SignAttempt, sessionThatEnds } from '../../support/builders/gg20-attempts.js';
import { presignAll } from '../../support/builders/gg20-presign.js';
import { dealSigners } from '../../support/builders/gg20-signers.js';
import { Ledger, NODES } from '../../support/builders/ledger.js';
import { secp256k1Suite } from '../../support/builders/schemes.js';
import { dealKey, laterBootOf, TaskRoom } from '../../support/builders/task-room.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { removal } from './key-runs.js';
import { q, set } from './pair.js';

/** Two signatures with one k: s − s’ = k·(m − m’), and then x. */
function secondShare(): Attempt {
  const { x, PK, sessions } = dealSigners(set, 'small', [1, 2]);
  const made = [...presignAll({ x, PK, sessions }).values()].flatMap((outcome) =>
    outcome.ok ? [outcome] : [],
  );
  const presignature = made[0]?.presignature;
  if (presignature === undefined) throw new Error('honest signers presign');
  const sumFor = (m: bigint): { readonly s: bigint; readonly r: bigint } => {
    const facts: SignedFacts<unknown> = {
      keyId: 'key-1',
      version: 1,
      hash: 1,
      digest: encodeBigEndian(m, 32),
      path: [],
      eps: 0n,
      derivedKey: PK,
    };
    const nonce = interactiveNonce(set, presignature, facts);
    if (nonce === undefined) throw new Error('a nonce');
    const s = made.reduce((sum, { secret }) => sum + signatureShare(set, secret, nonce), 0n);
    return { s: modulo(s, q), r: nonce.r };
  };
  const [m, other] = ['one', 'two'].map((text) => decodeBigEndian(sha256(Buffer.from(text))) % q);
  if (m === undefined || other === undefined) throw new Error('two messages');
  const first = sumFor(m);
  try {
    const second = sumFor(other);
    const k = modulo((first.s - second.s) * inverse(modulo(m - other, q), q), q);
    const found = modulo((first.s * inverse(k, q) - m) * inverse(first.r, q), q);
    return unstopped(found === x && 'the key, from two signatures');
  } catch (error) {
    return stoppedBy(String(error));
  }
}

/** Sessions that end without a culprit, one after the other: a bit may be learnt from each. */
async function manyFailures(): Promise<Attempt> {
  const parts = new TaskRoom('node-1', new Ledger()).participating();
  const { failures } = parts;
  const signing = new SessionSigning(parts);
  for (let count = 0; count <= 2 * SESSIONS_END_FAILURES; count++) {
    const refusal = await signing.refusal(gg20SignAttempt());
    if (refusal?.reason === 'failed-too-often') return stoppedBy(`${refusal.reason}: ${count}`);
    const error = new ProtocolAbort('no nonce came of it', []);
    await sessionThatEnds(failures, error).catch(() => undefined);
  }
  return unstopped(`${2 * SESSIONS_END_FAILURES} sessions to learn from`);
}

/** Two sessions side by side after eight failures: what one does can be learnt in the other. */
async function sideBySide(): Promise<Attempt> {
  const parts = new TaskRoom('node-1', new Ledger()).participating();
  const key = { keyId: 'gg20-key', version: 1 };
  // Read before: the session that goes on here ends after a few turns of the event loop.
  await parts.failures.load();
  for (let count = 0; count < ONE_AT_A_TIME_FAILURES; count++) parts.failures.failed(key);
  const signing = new SessionSigning(parts);
  const running = signing.run(gg20SignAttempt(), () => {
    throw new Error('it is not started');
  });
  const refusal = await signing.refusal(gg20SignAttempt());
  await running.catch(() => undefined);
  return refusal?.reason === 'one-at-a-time'
    ? stoppedBy(refusal.reason)
    : unstopped('a second session beside one that goes on');
}

/** A share of a FROST key of the same curve, taken for one of GG20: two schemes would sign with one secret. */
async function otherAlgorithm(): Promise<Attempt> {
  const ledger = new Ledger();
  const { record, ...key } = dealKey(ledger, 'treasury', NODES, secp256k1Suite);
  const here = new TaskRoom('node-1', ledger);
  await here.hold({ record, ...key });
  const { keys } = new TaskRoom('node-1', ledger, laterBootOf('node-1'), here.shares);
  const { version, publicPolynomial: V } = record;
  const place = { keyId: keyId(record.keyId), sessionId: sessionId(toHex(record.sessionId)) };
  const opened = await keys
    .load({ ...place, version, V, algorithm: Algorithm.GG20_SECP256K1 })
    .catch(() => false);
  return opened
    ? unstopped('a share that signs in two schemes')
    : stoppedBy('a share opens as that of its own algorithm alone');
}

export const REPETITIONS: readonly Gg20Attack[] = [
  {
    row: 22,
    name: 'two shares of one presignature',
    stopped: 'Bug: a presignature has two scalars',
    removed: [
      gg20(
        'sign/share.js',
        'return modulo(d * (m * k + r * (sigma + eps * k)), group.order);\n    }\n    finally {\n        wipe(secret);',
        'return modulo(d * (m * k + r * (sigma + eps * k)), group.order);\n    }\n    finally {',
      ),
    ],
    run: secondShare,
  },
  {
    row: 27,
    name: 'sessions that fail again and again without a culprit',
    stopped: 'failed-too-often: 32',
    removed: [
      removal(
        'tasks/kinds/sign/session-part.js',
        "await failures.load();\n        if (failures.standing(key) === 'ended')\n            return FAILED_TOO_OFTEN;",
      ),
    ],
    run: manyFailures,
  },
  {
    row: 27,
    name: 'two sessions side by side after eight failures',
    stopped: 'one-at-a-time',
    removed: [
      removal(
        'tasks/kinds/sign/session-failures.js',
        "this.standing(key) === 'one-at-a-time' && (this.#running.get(set) ?? 0) > 0",
        'false',
      ),
    ],
    run: sideBySide,
  },
  {
    row: 39,
    name: 'a share of a FROST key opened as one of GG20',
    stopped: 'a share opens as that of its own algorithm alone',
    removed: [removal('keys/holdings.js', '!isKind(secret.kind)', 'false')],
    run: otherAlgorithm,
  },
];
