import { clusterId, equal } from '../common/index.js';
import { publicKeyOf, suiteOf } from '../frost/index.js';
import {
  algorithmName,
  installedBytes,
  readyBytes,
  requestHash,
  voters,
  voucherBytes,
} from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { nodeVerify } from '../ops/index.js';
import type { Verify } from '../ports/index.js';
import { METHODS, parseRequest } from '../state/index.js';
import type { Key, KeyCertificate, NodeSignature, Voucher } from '../wire/index.js';

/**
 * What a key's certificate is worth to whoever checks it:
 * `active`: every participant signed for it, and its requester signed the request;
 * `vouched`: every participant signed for it, and a node vouches for who asked;
 * `pending`: every participant signed for it, and too few have said that their log activated it;
 * `unverified`: something does not fit, or there is nothing to check it against.
 */
export type Verdict = 'active' | 'vouched' | 'pending' | 'unverified';
export type Judgement = { readonly verdict: Verdict; readonly because: string };

/**
 * Checks a key against the client's own cluster file. Identity keys in the answer are compared, never used.
 *
 * @param genesis - Of the client's `cluster.json`; without it every key is `unverified`.
 * @param asked - The bytes of the GenerateKeyRequest that was sent, when the key is the answer to one.
 */
export function verifyKeyCertificate(
  key: Key,
  genesis: Genesis | undefined,
  asked?: Uint8Array,
  verify: Verify = nodeVerify,
): Judgement {
  if (genesis === undefined)
    return { verdict: 'unverified', because: 'there is no cluster file to check it against' };
  const { certificate } = key;
  if (certificate === undefined) return { verdict: 'unverified', because: 'it has no certificate' };
  const fault =
    misfit(key, certificate) ??
    foreign(certificate, genesis) ??
    unasked(certificate, genesis, asked) ??
    unsigned(certificate, genesis, verify);
  if (fault !== undefined) return { verdict: 'unverified', because: fault };

  const installed = countInstalled(certificate, genesis, verify);
  if (installed < certificate.threshold)
    return {
      verdict: 'pending',
      because: `${installed} of at least ${certificate.threshold} participants say that it is installed`,
    };
  const { authority } = certificate;
  if (authority?.$case !== 'voucher')
    return { verdict: 'unverified', because: 'nobody that can be checked stands for the request' };
  return isVouched(certificate, authority.value, genesis, verify)
    ? {
        verdict: 'vouched',
        because: `all participants signed for it, and ${authority.value.nodeId} vouches for the request of ${authority.value.spiffeId}`,
      }
    : { verdict: 'unverified', because: 'the voucher for its request does not verify' };
}

/** What a key says of itself is what its participants signed, and the public key is the sharing's. */
function misfit(key: Key, certificate: KeyCertificate): string | undefined {
  const names = certificate.participants.map(({ nodeId }) => nodeId);
  const [first] = certificate.publicPolynomial;
  const same =
    key.keyId === certificate.keyId &&
    key.algorithm === certificate.algorithm &&
    key.threshold === certificate.threshold &&
    key.version === certificate.version &&
    equal(key.publicKey, certificate.publicKey) &&
    key.participants.join() === names.join();
  if (!same) return 'its certificate is for something else';
  const suite = suiteOf(certificate.algorithm);
  const shared = suite && first && publicKeyOf(suite, first);
  if (
    certificate.publicPolynomial.length !== certificate.threshold ||
    shared === undefined ||
    !equal(shared, certificate.publicKey)
  )
    return 'its public key is not that of its sharing';
  return undefined;
}

/** The participants are members of the client's own cluster file, with the identity keys that stand there. */
function foreign(certificate: KeyCertificate, genesis: Genesis): string | undefined {
  if (certificate.clusterId !== genesis.clusterId) return 'it is of another cluster';
  for (const { nodeId, identityKey } of certificate.participants) {
    const known = identityKeyOf(nodeId, genesis);
    if (known === undefined) return `participant ${nodeId} is not in the cluster file`;
    if (!equal(known, identityKey))
      return `the identity key of ${nodeId} is not the one in the cluster file`;
  }
  return undefined;
}

/** The request in the certificate asks for this key; and it is the one that was sent, where that is known. */
function unasked(
  certificate: KeyCertificate,
  genesis: Genesis,
  asked: Uint8Array | undefined,
): string | undefined {
  const { method, request } = certificate;
  if (asked !== undefined && !equal(asked, request))
    return 'its request is not the one that was sent';
  const parsed = parseRequest(method, request);
  if (method !== METHODS.generateKey || !parsed.ok || parsed.request.kind !== 'generate-key')
    return 'its request is not one to generate a key';
  if (!equal(requestHash(method, request), certificate.requestHash))
    return 'its participants signed for another request';
  const { keyId, algorithm, threshold, participants } = parsed.request;
  const wanted = participants.length === 0 ? voters(genesis) : participants;
  const got = certificate.participants.map(({ nodeId }) => nodeId);
  return keyId === certificate.keyId &&
    algorithm === certificate.algorithm &&
    threshold === certificate.threshold &&
    wanted.join() === got.join()
    ? undefined
    : 'it is not what its request asked for';
}

/** Exactly the participants have signed `ready`, each once. */
function unsigned(
  certificate: KeyCertificate,
  genesis: Genesis,
  verify: Verify,
): string | undefined {
  const bytes = readyBytes(clusterId(certificate.clusterId), {
    ...certificate,
    nodeId: '',
    signature: new Uint8Array(0),
  });
  const signers = new Set(certificate.ready.map(({ nodeId }) => nodeId));
  if (signers.size !== certificate.ready.length) return 'a participant signed for it twice';
  if (signers.size !== certificate.participants.length)
    return `${signers.size} of its ${certificate.participants.length} participants signed for it`;
  const bad = certificate.participants.find(({ nodeId }) => {
    const said = certificate.ready.find((each) => each.nodeId === nodeId);
    return said === undefined || !isSigned(said, bytes, genesis, verify);
  });
  return bad && `the signature of ${bad.nodeId} does not verify`;
}

/** Participants, each counted once, whose own log has activated the version. */
function countInstalled(certificate: KeyCertificate, genesis: Genesis, verify: Verify): number {
  const bytes = installedBytes(clusterId(certificate.clusterId), {
    ...certificate,
    nodeId: '',
    signature: new Uint8Array(0),
  });
  return certificate.participants.filter(({ nodeId }) =>
    certificate.installed.some(
      (each) => each.nodeId === nodeId && isSigned(each, bytes, genesis, verify),
    ),
  ).length;
}

function isVouched(
  { method, request }: KeyCertificate,
  voucher: Voucher,
  genesis: Genesis,
  verify: Verify,
): boolean {
  const { clusterId: cluster } = genesis;
  const { nodeId, spiffeId, expireTimeMs, signature } = voucher;
  const bytes = voucherBytes(cluster, method, spiffeId, expireTimeMs, request);
  return genesis.unsigned && isSigned({ nodeId, signature }, bytes, genesis, verify);
}

function isSigned(
  { nodeId, signature }: NodeSignature,
  bytes: Uint8Array,
  genesis: Genesis,
  verify: Verify,
): boolean {
  const identityKey = identityKeyOf(nodeId, genesis);
  return identityKey !== undefined && verify.identity(identityKey, bytes, signature);
}

function identityKeyOf(nodeId: string, genesis: Genesis): Uint8Array | undefined {
  return genesis.members.find((member) => member.nodeId === nodeId)?.identityKey;
}

/** Claims that a signature verifies under a public key that its reader trusts. */
export function verifySignature(
  key: { readonly algorithm: Key['algorithm']; readonly publicKey: Uint8Array },
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return nodeVerify.final(algorithmName(key.algorithm), key.publicKey, message, signature);
}
