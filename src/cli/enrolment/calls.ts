import { request } from 'node:http';
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { ClusterError, wordsOf } from '../../common/index.js';
import type { Millis, NodeId } from '../../common/index.js';
import type { SecretBytes } from '../../crypto/index.js';
import { parseMemberRequest } from '../../identity/index.js';
import type { MemberRequest } from '../../identity/index.js';
import { nodeVerify, splitAddress } from '../../machine/index.js';
import { ANSWER_BYTES_MAX, ASK_AGAIN_MS, CALL_MS_MAX } from './limits.js';
import {
  CHALLENGE_BYTES,
  decodeIntroduction,
  decodeReceipt,
  encodeDelivery,
  isProof,
  proveDelivery,
  proveIntroduction,
  proveReceipt,
} from './messages.js';
import type { Addressee, Delivery } from './messages.js';

/** A node that waits for its genesis, as who makes the cluster knows it. */
export type Applicant = {
  readonly nodeId: NodeId;
  /** `host:port` of its desk. */
  readonly address: string;
  readonly token: SecretBytes;
};

/** How long to go on, what ends it before, and whom to tell what is waited for. */
export type Patience = {
  readonly untilMs: Millis;
  readonly signal: AbortSignal;
  readonly say: (words: string) => void;
};

/**
 * Does the same for each node at once. When one fails the others are given up, and have ended when this throws.
 *
 * @throws the first failure.
 */
export async function forEach<T>(
  applicants: readonly Applicant[],
  patience: Omit<Patience, 'signal'>,
  work: (applicant: Applicant, patience: Patience) => Promise<T>,
): Promise<T[]> {
  const stop = new AbortController();
  const failures: unknown[] = [];
  const own = { ...patience, signal: stop.signal };
  const done = await Promise.all(
    applicants.map(async (each): Promise<T[]> => {
      try {
        return [await work(each, own)];
      } catch (error) {
        failures.push(error);
        stop.abort();
        return [];
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  return done.flat();
}

/**
 * Asks a node for its public half until it answers.
 *
 * @throws ClusterError `deadline` (`NODE_NOT_THERE`); `forbidden` (`ENROLMENT_PROOF`) when who answers has not the token.
 */
export async function askMember(applicant: Applicant, patience: Patience): Promise<MemberRequest> {
  const { nodeId, token } = applicant;
  const challenge = Uint8Array.from(randomBytes(CHALLENGE_BYTES));
  const path = `/v1/member?challenge=${Buffer.from(challenge).toString('hex')}`;
  const { member, proof } = decodeIntroduction(await call(applicant, 'GET', path, '', patience));
  if (!isProof(proof, proveIntroduction(token, nodeId, challenge, member)))
    throw wrongProof(applicant);
  const asked = parseMemberRequest(new TextEncoder().encode(member), (...given) =>
    nodeVerify.identity(...given),
  );
  if (asked.nodeId !== nodeId || asked.role !== 'tee')
    throw new ClusterError(
      'wrong-state',
      `${applicant.address}: answers as ${asked.role} ${asked.nodeId}, and not as tee ${nodeId}`,
      { reason: 'ENROLMENT_MESSAGE' },
    );
  return asked;
}

/**
 * Hands a node its genesis and its certificate, until it has said that it keeps them.
 *
 * @throws ClusterError as {@link askMember}; `wrong-state` (`ENROLMENT_REFUSED`) when the node will not have them.
 */
export async function deliver(
  applicant: Applicant,
  to: Addressee,
  delivery: Delivery,
  clusterId: string,
  patience: Patience,
): Promise<void> {
  const { token } = applicant;
  const body = encodeDelivery(delivery, proveDelivery(token, to, delivery));
  const receipt = decodeReceipt(await call(applicant, 'POST', '/v1/genesis', body, patience));
  if (!isProof(receipt, proveReceipt(token, to, clusterId))) throw wrongProof(applicant);
}

/** Calls until there is an answer. */
async function call(
  applicant: Applicant,
  method: string,
  path: string,
  body: string,
  { untilMs, say, signal }: Patience,
): Promise<string> {
  for (let said = ''; ;) {
    try {
      const { status, text } = await once(applicant.address, method, path, body, signal);
      if (status === 200) return text;
      throw new ClusterError(
        'wrong-state',
        `${applicant.nodeId} at ${applicant.address} refuses: ${text.slice(0, 500)}`,
        { reason: 'ENROLMENT_REFUSED' },
      );
    } catch (error) {
      if (error instanceof ClusterError || signal.aborted) throw error;
      const words = `${applicant.nodeId} does not answer at ${applicant.address}: ${wordsOf(error)}`;
      if (Date.now() + ASK_AGAIN_MS > untilMs)
        throw new ClusterError('deadline', words, { reason: 'NODE_NOT_THERE', cause: error });
      if (words !== said) say(words);
      said = words;
    }
    await wait(ASK_AGAIN_MS, undefined, { signal });
  }
}

function once(
  address: string,
  method: string,
  path: string,
  body: string,
  stop: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const { host, port } = splitAddress(address) ?? { host: '', port: 0 };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(CALL_MS_MAX)]);
    const headers = { 'content-type': 'application/json' };
    const sent = request({ host, port, method, path, headers, agent: false, signal }, (answer) => {
      const parts: Buffer[] = [];
      let length = 0;
      answer.on('data', (part: Buffer) => {
        length += part.length;
        if (length > ANSWER_BYTES_MAX) sent.destroy(new Error('its answer is too long'));
        else parts.push(part);
      });
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function wrongProof({ nodeId, address }: Applicant): ClusterError {
  return new ClusterError(
    'forbidden',
    `What answers for ${nodeId} at ${address} has not its token: another program is there, or the token is another`,
    { reason: 'ENROLMENT_PROOF' },
  );
}
