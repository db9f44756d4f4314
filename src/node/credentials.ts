import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ClusterError } from '../common/index.js';
import type { Millis, NodeId } from '../common/index.js';
import type { Genesis } from '../identity/index.js';
import { readKeyFile } from '../pki/index.js';
import { identityOf } from '../rpc/index.js';
import type { TlsFiles } from '../rpc/index.js';

/** TLS for both of a node's ports. The authorities that each side trusts are the genesis', not the configuration's. */
export type NodeCredentials = { readonly clients: TlsFiles; readonly peers: TlsFiles };

/**
 * Reads a node's certificate and key, and refuses here, with the reason, what every other node would refuse later.
 *
 * @throws ClusterError `invalid-request` naming the file.
 */
export function loadCredentials(
  files: { readonly ca: string; readonly cert: string; readonly key: string },
  genesis: Genesis,
  node: NodeId,
  nowMs: Millis,
): NodeCredentials {
  const [ca, cert, key] = [readPem(files.ca), readPem(files.cert), readKeyPem(files.key)];
  const leaf = certificates(files.cert, cert)[0];
  if (leaf === undefined) throw refuse(files.cert, 'holds no certificate');

  const named = identityOf({ subjectaltname: leaf.subjectAltName ?? '' })?.spiffeId;
  const wanted = `spiffe://quorate/${roleOf(genesis, node)}/${node}`;
  if (named !== wanted) throw refuse(files.cert, `names ${named ?? 'no SPIFFE id'}, not ${wanted}`);
  if (Date.parse(leaf.validTo) <= nowMs) throw refuse(files.cert, `expired on ${leaf.validTo}`);
  if (!leaf.checkPrivateKey(createPrivateKey(key))) {
    throw refuse(files.key, `is not the key of ${files.cert}`);
  }
  const issuer = certificates(files.ca, ca).find((each) => leaf.verify(each.publicKey));
  if (issuer === undefined) throw refuse(files.ca, `does not hold the authority of ${files.cert}`);
  const trusted = certificates('cluster.json', genesis.peerCa);
  if (!trusted.some((each) => each.raw.equals(issuer.raw))) {
    throw refuse(files.ca, 'holds an authority that the genesis does not name: peers would refuse');
  }
  return {
    clients: { ca: genesis.requesterCa, cert, key },
    peers: { ca: genesis.peerCa, cert, key },
  };
}

function roleOf(genesis: Genesis, node: NodeId): string {
  return genesis.members.find((member) => member.nodeId === node)?.role ?? 'tee';
}

function certificates(file: string, pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw refuse(file, 'holds a certificate that cannot be read', cause);
  }
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw refuse(file, 'cannot be read', cause);
  }
}

/** As a string, which cannot be wiped: that is what TLS takes. The key proves the speaker's name, and enters nothing else. */
function readKeyPem(file: string): string {
  try {
    using bytes = readKeyFile(file);
    return new TextDecoder().decode(bytes.bytes);
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    throw refuse(file, 'cannot be read', cause);
  }
}

function refuse(file: string, words: string, cause?: unknown): ClusterError {
  return new ClusterError('invalid-request', `${file}: ${words}`, {
    reason: 'INVALID_CREDENTIALS',
    ...(cause === undefined ? {} : { cause }),
  });
}
