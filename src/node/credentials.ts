import type { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ClusterError, whyUnreadable } from '../common/index.js';
import type { Millis, NodeId, Result } from '../common/index.js';
import { Requesters } from '../identity/index.js';
import type { Genesis } from '../identity/index.js';
import { nodeVerify } from '../machine/index.js';
import { readCertificates, readKeyFile, readPrivateKey } from '../pki/index.js';
import { identityOf, tlsRefusal } from '../rpc/index.js';
import type { TlsFiles } from '../rpc/index.js';

/** TLS for both of a node's ports. The authorities that each side trusts are the genesis', not the configuration's. */
export type NodeCredentials = { readonly clients: TlsFiles; readonly peers: TlsFiles };

/** Paths of a node's TLS files. */
type CredentialFiles = { readonly ca: string; readonly cert: string; readonly key: string };

/**
 * Reads a node's certificate and key, and refuses here, with the reason, what every other node would refuse later.
 *
 * @throws ClusterError `invalid-request` (`INVALID_CREDENTIALS`, `KEY_FILE_EXPOSED`) naming the file.
 */
export async function loadCredentials(
  files: CredentialFiles,
  genesis: Genesis,
  node: NodeId,
  nowMs: Millis,
): Promise<NodeCredentials> {
  const [ca, cert, key] = [readPem(files.ca), readPem(files.cert), readKeyPem(files.key)];
  const chain = given(files.cert, readCertificates(cert));
  requireFits(chain[0], wantedId(genesis, node), nowMs, files.cert);
  const privateKey = given(files.key, readPrivateKey(key));
  if (!chain[0].checkPrivateKey(privateKey))
    throw refuse(files.key, `is not the key of ${files.cert}`);
  requireAnchored(chain, given(files.ca, readCertificates(ca)), genesis, files);
  const fault = chainFault(chain, genesis.peerCa);
  if (fault !== undefined) throw refuse(files.cert, fault);

  const clients = { ca: genesis.requesterCa, cert, key };
  const peers = { ca: genesis.peerCa, cert, key };
  const refusal = await tlsRefusal(peers);
  if (refusal !== undefined)
    throw refuse(files.cert, `other nodes would refuse it in the TLS handshake: ${refusal}`);
  return { clients, peers };
}

/**
 * Why a chain, leaf first, is no node's under these authorities, by the profile of `certs/README.md`; nothing when it is. Also
 * what `quorate certs issue` holds a new certificate against.
 */
export function chainFault(
  chain: readonly X509Certificate[],
  authorities: string,
): string | undefined {
  const judge = new Requesters(authorities, (...asked) => nodeVerify.certified(...asked));
  const verdict = judge.judge(chain.map((each) => new Uint8Array(each.raw)));
  return verdict.ok
    ? undefined
    : `does not keep to the profile in certs/README.md: ${verdict.refusal}`;
}

function wantedId(genesis: Genesis, node: NodeId): string {
  const role = genesis.members.find((member) => member.nodeId === node)?.role ?? 'tee';
  return `spiffe://quorate/${role}/${node}`;
}

function requireFits(leaf: X509Certificate, wanted: string, nowMs: Millis, file: string): void {
  const named = identityOf({ subjectaltname: leaf.subjectAltName ?? '' })?.spiffeId;
  if (named !== wanted) throw refuse(file, `names ${named ?? 'no SPIFFE id'}, not ${wanted}`);
  if (Date.parse(leaf.validTo) <= nowMs) throw refuse(file, `expired on ${leaf.validTo}`);
  if (Date.parse(leaf.validFrom) > nowMs)
    throw refuse(
      file,
      `is not valid before ${leaf.validFrom}; is the clock of this machine right?`,
    );
}

/** The chain must end at an authority of the `ca` file that the genesis names, which its last certificate may be itself. */
function requireAnchored(
  chain: readonly [X509Certificate, ...X509Certificate[]],
  authorities: readonly X509Certificate[],
  genesis: Genesis,
  files: CredentialFiles,
): void {
  const last = chain.at(-1) ?? chain[0];
  const anchor = authorities.find(
    (each) => each.raw.equals(last.raw) || last.verify(each.publicKey),
  );
  if (anchor === undefined) throw refuse(files.ca, `does not hold the authority of ${files.cert}`);
  const named = given('cluster.json: peer_ca', readCertificates(genesis.peerCa));
  if (!named.some((each) => each.raw.equals(anchor.raw)))
    throw refuse(files.ca, 'holds an authority that the genesis does not name: peers would refuse');
}

function given<T>(file: string, reading: Result<T, string>): T {
  if (reading.ok) return reading.value;
  throw refuse(file, reading.refusal);
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (cause) {
    throw refuse(file, `cannot be read: ${whyUnreadable(cause)}`, cause);
  }
}

/** As a string, which cannot be wiped: that is what TLS takes. The key proves the speaker's name, and enters nothing else. */
function readKeyPem(file: string): string {
  try {
    using bytes = readKeyFile(file);
    return new TextDecoder('latin1').decode(bytes.bytes);
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    throw refuse(file, `cannot be read: ${whyUnreadable(cause)}`, cause);
  }
}

function refuse(file: string, words: string, cause?: unknown): ClusterError {
  return new ClusterError('invalid-request', `${file}: ${words}`, {
    reason: 'INVALID_CREDENTIALS',
    ...(cause === undefined ? {} : { cause }),
  });
}
