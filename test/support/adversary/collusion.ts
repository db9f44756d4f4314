import { X509Certificate } from 'node:crypto';
import {
  installedBytes,
  readyBytes,
  requestHash,
  voucherBytes,
} from '../../../src/identity/index.js';
import type { Genesis } from '../../../src/identity/index.js';
import type { Credential } from '../../../src/pki/index.js';
import type { Signer } from '../../../src/ports/index.js';
import { identityOf } from '../../../src/rpc/index.js';
import { METHODS } from '../../../src/state/index.js';
import { encode, GenerateKeyRequest } from '../../../src/wire/index.js';
import type { Key, KeyCertificate, Sharing } from '../../../src/wire/index.js';
import { Requester } from '../builders/requester.js';

/** A request to generate a key, and who stands for it. */
export type Asked = {
  readonly request: Uint8Array;
  readonly authority: NonNullable<KeyCertificate['authority']>;
};

/** All that two nodes of three can lay their hands on when their operators collude, and what their victim asked for. */
export type Collusion = {
  readonly genesis: Genesis;
  /** The identity keys of two nodes. */
  readonly nodes: readonly [Signer, Signer];
  /** What the victim shows the cluster; only its own requests are ever signed with it. */
  readonly victim: Credential;
  /** Certificates of the cluster's requesters: one that the colluders got for themselves, one of somebody who asked. */
  readonly accomplice: Credential;
  readonly stranger: Credential;
  /** A certificate in the victim's name, of an authority of the colluders' own. */
  readonly impostor: Credential;
  /** A node's own TLS certificate. */
  readonly tls: Credential;
  /** The key that the three nodes made together for the victim. */
  readonly honest: Key;
  /** Another one, that the victim asked for without saying of whom. */
  readonly unnamed: Key;
  /** Public keys that the colluders know the private half of. */
  readonly own: readonly [Uint8Array, Uint8Array];
  readonly nowMs: number;
};

/** SPIFFE id that a certificate names. */
export function spiffeIdOf({ certificate }: Credential): string {
  const { subjectAltName = '' } = new X509Certificate(certificate);
  return identityOf({ subjectaltname: subjectAltName })?.spiffeId ?? '';
}

/** A GenerateKeyRequest for the victim's key, as it asked for it but for the changes. */
export function asking(changes: Partial<GenerateKeyRequest> = {}): Uint8Array {
  return encode(GenerateKeyRequest, {
    requestId: 'first',
    keyId: 'treasury',
    algorithm: 1,
    threshold: 2,
    participants: ['node-1', 'node-2', 'node-3'],
    labels: [{ key: 'team', value: 'shop' }],
    allowNoRedundancy: false,
    allowedSigners: ['spiffe://quorate/app/checkout'],
    gg20Profile: 0,
    ...changes,
  });
}

/** The authority of a requester that signs for itself. */
export function signedBy(
  credential: Credential,
  clusterId: Genesis['clusterId'],
  request: Uint8Array,
  expireTimeMs: number,
  method: string = METHODS.generateKey,
): Asked['authority'] {
  const requester = new Requester(credential, spiffeIdOf(credential));
  return {
    $case: 'signed',
    value: requester.sign({ clusterId, method, expireTimeMs, request }),
  };
}

/** Fields of a sharing and of its certificate. */
export type Lies = Partial<Sharing> &
  Partial<Pick<KeyCertificate, 'method' | 'request' | 'authority'>>;

/** What a certificate may say otherwise than all that it is made from would have it. */
type Twist = {
  readonly nodes?: readonly Signer[];
  readonly owner?: string;
  readonly facts?: Lies & Partial<Pick<KeyCertificate, 'clusterId'>>;
  readonly installedBy?: readonly Signer[];
};

/** A key with a certificate by these nodes, all signatures their own, for whatever was asked. */
export function certify(
  { genesis, nodes: colluders, own }: Pick<Collusion, 'genesis' | 'nodes' | 'own'>,
  { request, authority }: Asked,
  { nodes = colluders, owner, facts = {}, installedBy = nodes }: Twist = {},
): Key {
  const asked = GenerateKeyRequest.decode(request);
  const { clusterId = genesis.clusterId, method, request: shown, authority: by, ...lies } = facts;
  const sharing: Sharing = {
    sessionId: new Uint8Array(32).fill(7),
    requestHash: requestHash(METHODS.generateKey, request),
    keyId: asked.keyId,
    algorithm: asked.algorithm,
    threshold: asked.threshold,
    participants: nodes.map(({ node, publicKey }) => ({ nodeId: node, identityKey: publicKey })),
    baseVersion: 0,
    version: 1,
    publicPolynomial: [...own],
    publicKey: own[0],
    chainCode: new Uint8Array(32).fill(8),
    digest: new Uint8Array(32).fill(9),
    ...lies,
  };
  const cluster = clusterId as Genesis['clusterId'];
  const certificate: KeyCertificate = {
    clusterId,
    sharing,
    ready: signaturesOf(nodes, readyBytes(cluster, sharing)),
    installed: signaturesOf(installedBy, installedBytes(cluster, sharing)),
    method: method ?? METHODS.generateKey,
    request: shown ?? request,
    authority: by ?? authority,
    inUse: undefined,
    format: 1,
  };
  return {
    keyId: sharing.keyId,
    algorithm: sharing.algorithm,
    publicKey: sharing.publicKey,
    threshold: sharing.threshold,
    participants: sharing.participants.map(({ nodeId }) => nodeId),
    version: sharing.version,
    state: 2,
    createTime: undefined,
    labels: asked.labels,
    certificate,
    owner: owner ?? ownerOf(authority),
    allowedSigners: asked.allowedSigners,
    end: undefined,
    reshareInterval: undefined,
    nextReshareTime: undefined,
    lastReshareFailure: undefined,
    reshareTaskId: '',
  };
}

function signaturesOf(nodes: readonly Signer[], bytes: Uint8Array): KeyCertificate['ready'] {
  return nodes.map((signer) => ({ nodeId: signer.node, signature: signer.sign(bytes) }));
}

function ownerOf(authority: Asked['authority']): string {
  if (authority.$case === 'voucher') return authority.value.spiffeId;
  const [leaf = new Uint8Array(0)] = authority.value.certificates;
  const { subjectAltName = '' } = new X509Certificate(leaf);
  return identityOf({ subjectaltname: subjectAltName })?.spiffeId ?? '';
}

/** The word of a colluding node for whatever request. */
export function vouchedBy(
  node: Signer,
  clusterId: Genesis['clusterId'],
  request: Uint8Array,
  spiffeId: string,
  expireTimeMs: number,
): Asked['authority'] {
  const bytes = voucherBytes(clusterId, METHODS.generateKey, spiffeId, expireTimeMs, request);
  return {
    $case: 'voucher',
    value: {
      nodeId: node.node,
      spiffeId,
      expireTimeMs: BigInt(expireTimeMs),
      signature: node.sign(bytes),
    },
  };
}
