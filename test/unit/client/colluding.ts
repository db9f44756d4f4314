import { generateKeyPairSync, sign } from 'node:crypto';
import { nodeId } from '../../../src/common/index.js';
import {
  BUILD_LEVEL,
  DEFAULT_LIMITS,
  encodeGenesis,
  parseGenesis,
} from '../../../src/identity/index.js';
import { createAuthority, issueCertificate } from '../../../src/pki/index.js';
import type { Credential } from '../../../src/pki/index.js';
import type { Signer } from '../../../src/ports/index.js';
import type { Role } from '../../../src/identity/index.js';
import { asking, certify, signedBy } from '../../support/adversary/collusion.js';
import type { Collusion } from '../../support/adversary/collusion.js';

function signer(name: string): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return {
    node: nodeId(name),
    publicKey: new Uint8Array(Buffer.from(x, 'base64url')),
    sign: (bytes) => new Uint8Array(sign(undefined, bytes, privateKey)),
  };
}

function issue(authority: Credential, role: Role, name: string): Promise<Credential> {
  return issueCertificate(authority, { role, name, dns: [], ips: [], days: 1 });
}

/** Three nodes without a network, of which the first two collude. */
export async function collude({ unsigned }: { readonly unsigned: boolean }): Promise<Collusion> {
  const [authority, theirs] = [await createAuthority('ours', 1), await createAuthority('ours', 1)];
  const [one, two, three] = [signer('node-1'), signer('node-2'), signer('node-3')];
  const nowMs = Date.now();
  const genesis = parseGenesis(
    encodeGenesis({
      level: BUILD_LEVEL,
      createdMs: nowMs,
      members: [one, two, three].map(({ node, publicKey }) => ({
        nodeId: node,
        role: 'tee',
        identityKey: publicKey,
      })),
      peerCa: authority.certificate,
      requesterCa: authority.certificate,
      unsigned,
      limits: DEFAULT_LIMITS,
    }),
  );
  const victim = await issue(authority, 'app', 'victim');
  const own = [signer('own').publicKey, signer('own').publicKey] as const;
  const parts = { genesis, nodes: [one, two] as const, own };
  const shared = [signer('shared').publicKey, signer('shared').publicKey] as const;
  const together = (request: Uint8Array) =>
    certify(
      { ...parts, own: shared },
      { request, authority: signedBy(victim, genesis.clusterId, request, nowMs) },
      { nodes: [one, two, three], installedBy: [one, three] },
    );
  return {
    ...parts,
    victim,
    accomplice: await issue(authority, 'app', 'accomplice'),
    stranger: await issue(authority, 'app', 'stranger'),
    impostor: await issue(theirs, 'app', 'victim'),
    tls: await issue(authority, 'tee', 'node-1'),
    honest: together(asking()),
    unnamed: together(asking({ participants: [], requestId: 'unnamed' })),
    nowMs,
  };
}
