import { X509Certificate } from 'node:crypto';
import type { Reader, KeyTrust } from '../../../src/client/index.js';
import { installedBytes, readyBytes, requestHash } from '../../../src/identity/index.js';
import type { Credential } from '../../../src/pki/index.js';
import type { Signer } from '../../../src/ports/index.js';
import { METHODS } from '../../../src/state/index.js';
import { encode, SignRequest } from '../../../src/wire/index.js';
import type { Key, KeyCertificate, Sharing } from '../../../src/wire/index.js';
import { asking, certify, signedBy, spiffeIdOf, vouchedBy } from './collusion.js';
import type { Asked, Collusion, Lies } from './collusion.js';

/** An answer that is not the truth, and what the victim must make of it. */
export type FalseKey = {
  readonly name: string;
  readonly key: Key;
  readonly verdict: KeyTrust;
  /** Beyond the victim's own name. */
  readonly reader?: Reader;
};

/** A copy of a key, changed in one place. */
type Change = (key: Key, certificate: KeyCertificate, sharing: Sharing) => unknown;

function altered(key: Key, change: Change): Key {
  const copy = structuredClone(key);
  const { certificate } = copy;
  if (certificate?.sharing === undefined) throw new Error('the key has no certificate');
  change(copy, certificate, certificate.sharing);
  return copy;
}

/** What an answer to GenerateKey or GetKey may be, when two nodes make it up. */
export function falseKeys(collusion: Collusion): readonly FalseKey[] {
  return [
    ...keysOfTheirOwn(collusion),
    ...requestsOfOthers(collusion),
    ...requestsOfTheVictim(collusion),
    ...honestKeysTwisted(collusion),
    ...keysByAllThatWereAsked(collusion),
  ];
}

const DUO = { participants: ['node-1', 'node-2'], allowNoRedundancy: true };
const TEN_MINUTES_MS = 600_000;

function honestly({
  honest,
}: Collusion): Asked & { readonly certificate: KeyCertificate; readonly sharing: Sharing } {
  const { certificate } = honest;
  const { authority, sharing } = certificate ?? {};
  if (certificate === undefined || authority === undefined || sharing === undefined)
    throw new Error('the key has no certificate');
  return { request: certificate.request, authority, certificate, sharing };
}

/** The victim's request is real, and the key is not the one that was made for it. */
function keysOfTheirOwn(collusion: Collusion): readonly FalseKey[] {
  const { request, authority, certificate, sharing } = honestly(collusion);
  const asked = { request, authority };
  const [one, two] = collusion.nodes;
  const verdict = 'unverified';
  const third = certificate.ready.filter(
    ({ nodeId }) => nodeId !== one.node && nodeId !== two.node,
  );
  const among = { participants: sharing.participants };
  const withThird = (key: Key): Key => altered(key, (_, each) => each.ready.push(...third));
  return [
    { name: 'two participants, three were asked for', key: certify(collusion, asked), verdict },
    {
      name: 'three participants, and two signed',
      key: certify(collusion, asked, { facts: among }),
      verdict,
    },
    {
      name: 'three participants, and what the third signed for the honest key',
      key: withThird(certify(collusion, asked, { facts: among })),
      verdict,
    },
    {
      name: 'three participants, and one of the two signed for the third',
      key: altered(certify(collusion, asked, { facts: among }), (_, each) =>
        each.ready.push({ ...each.ready[0]!, nodeId: 'node-3' }),
      ),
      verdict,
    },
    {
      name: 'three participants, and one of the two signed twice',
      key: altered(certify(collusion, asked, { facts: among }), (_, each) =>
        each.ready.push(each.ready[0]!),
      ),
      verdict,
    },
    {
      name: 'the third has another identity key, whose other half the two have',
      key: certify(collusion, asked, {
        nodes: [one, two, { ...two, node: 'node-3' as Signer['node'] }],
      }),
      verdict,
    },
    {
      name: 'a lower threshold than was asked for',
      key: withThird(
        certify(collusion, asked, {
          facts: { ...among, threshold: 1, publicPolynomial: [collusion.own[0]] },
        }),
      ),
      verdict,
    },
  ];
}

/** The request is somebody else's, or is nobody's. */
function requestsOfOthers(collusion: Collusion): readonly FalseKey[] {
  const { genesis, victim, accomplice, stranger, impostor, tls, nowMs } = collusion;
  const [one] = collusion.nodes;
  const victimId = spiffeIdOf(victim);
  const request = asking({ ...DUO, requestId: 'own' });
  const by = (who: Credential, clusterId = genesis.clusterId): Asked => ({
    request,
    authority: signedBy(who, clusterId, request, nowMs),
  });
  const vouched = {
    request,
    authority: vouchedBy(one, genesis.clusterId, request, victimId, nowMs),
  };
  const forAnother = {
    request,
    authority: vouchedBy(one, '0'.repeat(32) as never, request, victimId, nowMs),
  };
  const verdict = 'unverified';
  return [
    {
      name: 'a request of their own, vouched for by one of them',
      key: certify(collusion, vouched),
      verdict: genesis.unsigned ? 'vouched' : verdict,
    },
    {
      name: 'a request of their own, vouched for in another cluster',
      key: certify(collusion, forAnother),
      verdict,
    },
    {
      name: 'a request of their own, signed by an accomplice',
      key: certify(collusion, by(accomplice)),
      verdict: 'other-requester',
    },
    {
      name: 'a request of their own, signed by an accomplice, the key said to be the victim’s',
      key: certify(collusion, by(accomplice), { owner: victimId }),
      verdict,
    },
    {
      name: 'a request of their own, signed by an accomplice, who lies about whose the key is',
      key: certify(collusion, by(accomplice), { owner: victimId }),
      reader: { requesters: [spiffeIdOf(accomplice)] },
      verdict,
    },
    {
      name: 'a request of their own, signed with a node’s certificate',
      key: certify(collusion, by(tls)),
      reader: { requesters: [spiffeIdOf(tls)] },
      verdict,
    },
    {
      name: 'a request of their own, signed in the victim’s name by an authority of theirs',
      key: certify(collusion, by(impostor)),
      verdict,
    },
    {
      name: 'a request of their own, with the victim’s certificate and an accomplice’s signature',
      key: certify(collusion, {
        request,
        authority: signedBy(
          { certificate: victim.certificate, privateKey: accomplice.privateKey },
          genesis.clusterId,
          request,
          nowMs,
        ),
      }),
      verdict,
    },
    {
      name: 'a request that somebody else made for a key of this name',
      key: certify(collusion, by(stranger)),
      verdict: 'other-requester',
    },
    {
      name: 'nobody stands for the request',
      key: altered(certify(collusion, by(victim)), (_, each) => (each.authority = undefined)),
      verdict,
    },
    {
      name: 'a request that the victim made to another cluster',
      key: certify(collusion, by(victim, '0'.repeat(32) as never)),
      verdict,
    },
  ];
}

/** The request is the victim's, made at another time or for something else. */
function requestsOfTheVictim(collusion: Collusion): readonly FalseKey[] {
  const { genesis, victim, nowMs } = collusion;
  const [one, two] = collusion.nodes;
  const by = (request: Uint8Array, expireTimeMs = nowMs, method?: string): Asked => ({
    request,
    authority: signedBy(victim, genesis.clusterId, request, expireTimeMs, method),
  });
  const validTo = Date.parse(new X509Certificate(victim.certificate).validTo);
  const validFrom = Date.parse(new X509Certificate(victim.certificate).validFrom);
  const duo = asking(DUO);
  const other = asking({ ...DUO, keyId: 'petty-cash' });
  const honest = honestly(collusion);
  const verdict = 'unverified';
  return [
    {
      name: 'a request of the victim’s for another key',
      key: altered(certify(collusion, by(other)), (key) => (key.keyId = 'treasury')),
      verdict,
    },
    {
      name: 'a request of the victim’s for another key, signed for as this one',
      key: certify(collusion, by(other), { facts: { keyId: 'treasury' } }),
      verdict,
    },
    {
      name: 'an earlier request of the victim’s, in answer to this one',
      key: certify(collusion, by(duo)),
      reader: { asked: honest.request },
      verdict,
    },
    {
      name: 'the victim’s request again, signed by an accomplice, in answer to it',
      key: certify(collusion, {
        request: duo,
        authority: signedBy(collusion.accomplice, genesis.clusterId, duo, nowMs),
      }),
      reader: { asked: duo, requesters: [spiffeIdOf(collusion.accomplice)] },
      verdict,
    },
    {
      name: 'a key that the victim asked for without naming participants',
      key: collusion.unnamed,
      verdict,
    },
    {
      name: 'a request of the victim’s that names somebody who is not in its cluster file',
      key: certify(collusion, by(asking({ ...DUO, participants: ['node-1', 'node-9'] })), {
        nodes: [one, { ...two, node: 'node-9' as Signer['node'] }],
      }),
      verdict,
    },
    {
      name: 'a request that expired eleven minutes after the victim’s certificate',
      key: certify(collusion, by(duo, validTo + TEN_MINUTES_MS + 60_000)),
      verdict,
    },
    {
      name: 'a request that expired before the victim’s certificate was good',
      key: certify(collusion, by(duo, validFrom - 1_000)),
      verdict,
    },
    {
      name: 'a signature of the victim’s for another method',
      key: certify(collusion, by(duo, nowMs, METHODS.sign)),
      verdict,
    },
    {
      name: 'a signature of the victim’s with a later expiry',
      key: altered(certify(collusion, by(duo)), (_, each) => {
        if (each.authority?.$case === 'signed') each.authority.value.expireTimeMs += 1n;
      }),
      verdict,
    },
  ];
}

/** Everything is as the three made it, but for one thing. */
function honestKeysTwisted(collusion: Collusion): readonly FalseKey[] {
  const { honest, own, nodes } = collusion;
  const verdict = 'unverified';
  const twisted = (name: string, change: Parameters<typeof altered>[1]): FalseKey => ({
    name: `the honest key, but ${name}`,
    key: altered(honest, change),
    verdict,
  });
  const resigned = (name: string, change: (sharing: Sharing) => unknown): FalseKey =>
    twisted(`${name}, which two signed for`, (key, certificate, sharing) => {
      change(sharing);
      key.publicKey = sharing.publicKey;
      const bytes = readyBytes(collusion.genesis.clusterId, sharing);
      for (const signer of nodes)
        for (const said of certificate.ready)
          if (said.nodeId === signer.node) said.signature = signer.sign(bytes);
    });
  return [
    twisted('without a certificate', (key) => (key.certificate = undefined)),
    twisted('its public key is theirs', (key) => (key.publicKey = own[0])),
    twisted('its public key is theirs, in the certificate too', (key, _, each) => {
      key.publicKey = own[0];
      each.publicKey = own[0];
    }),
    twisted('one more may sign', (key) => key.allowedSigners.push('spiffe://quorate/app/eve')),
    twisted('it belongs to an accomplice', (key) => {
      key.owner = spiffeIdOf(collusion.accomplice);
    }),
    twisted('it has another label', (key) => (key.labels = [])),
    twisted('its participants are run together', (key) => {
      key.participants = ['node-1,node-2', 'node-3'];
    }),
    twisted('it has another threshold', (key) => (key.threshold = 3)),
    twisted('it has another version', (key) => (key.version = 2)),
    twisted('a node that takes no part has signed too', (_, each) =>
      each.ready.push({ nodeId: 'node-9', signature: new Uint8Array(64) }),
    ),
    twisted('it is of another session', (_, __, each) => (each.sessionId = new Uint8Array(32))),
    twisted('an identity key is swapped', (_, __, each) => {
      each.participants[2]!.identityKey = nodes[0].publicKey;
    }),
    resigned('the chain code is another', (each) => (each.chainCode = new Uint8Array(32))),
    resigned('the sharing is another', (each) => (each.publicPolynomial[1] = own[1])),
    resigned('the public key is theirs', (each) => {
      each.publicPolynomial = [...own];
      each.publicKey = own[0];
    }),
    resigned('the transcript is another', (each) => (each.digest = new Uint8Array(32))),
    {
      name: 'the honest key, but nobody says that it is installed',
      key: altered(honest, (_, each) => (each.installed = [])),
      verdict: 'pending',
    },
    {
      name: 'the honest key, but one says twice that it is installed',
      key: altered(honest, (_, each) => {
        each.installed = [each.installed[0]!, each.installed[0]!];
      }),
      verdict: 'pending',
    },
    {
      name: 'the honest key, but what is installed is another session',
      key: altered(honest, (_, each, sharing) => {
        const bytes = installedBytes(collusion.genesis.clusterId, {
          ...sharing,
          sessionId: new Uint8Array(32),
        });
        each.installed = nodes.map((signer) => ({
          nodeId: signer.node,
          signature: signer.sign(bytes),
        }));
      }),
      verdict: 'pending',
    },
    {
      name: 'the honest key, but another is known',
      key: honest,
      reader: { publicKey: own[0] },
      verdict,
    },
  ];
}

/**
 * Both participants of a key that the victim did ask them for. They can sign whatever they like: what keeps them honest
 * is that it must fit together.
 */
function keysByAllThatWereAsked(collusion: Collusion): readonly FalseKey[] {
  const { genesis, victim, own, nowMs } = collusion;
  const request = asking(DUO);
  const asked = { request, authority: signedBy(victim, genesis.clusterId, request, nowMs) };
  const other = asking({ ...DUO, requestId: 'other' });
  const signing = encode(
    SignRequest,
    SignRequest.fromPartial({
      requestId: 'pay',
      keyId: 'treasury',
      payload: { $case: 'message', value: new Uint8Array(1) },
    }),
  );
  const verdict = 'unverified';
  const [one, two] = collusion.nodes;
  const order = [one.node, two.node];
  const turned = [two, one].map(({ node, publicKey }) => ({
    nodeId: node,
    identityKey: publicKey,
  }));
  const single = { threshold: 1, publicPolynomial: [own[0]] };
  const saying = (
    name: string,
    facts: Lies & Partial<Pick<KeyCertificate, 'clusterId'>>,
    shown: Partial<Key> = {},
  ): FalseKey => ({
    name: `a key by both that were asked, but ${name}`,
    key: { ...certify(collusion, asked, { facts }), ...shown },
    verdict,
  });
  return [
    saying('its public key is not that of its sharing', { publicKey: own[1] }),
    saying('its sharing has no points', { publicPolynomial: [] }),
    saying('its sharing has a point more', { publicPolynomial: [...own, own[0]] }),
    saying('it is of another cluster', { clusterId: '0'.repeat(32) }),
    saying('they answered another request', {
      requestHash: requestHash(METHODS.generateKey, other),
    }),
    saying('the request is one to sign with it', {
      method: METHODS.sign,
      request: signing,
      requestHash: requestHash(METHODS.sign, signing),
      authority: signedBy(victim, genesis.clusterId, signing, nowMs, METHODS.sign),
    }),
    saying('they name an identity key that nobody knows', {
      participants: [
        { nodeId: one.node, identityKey: one.publicKey },
        { nodeId: two.node, identityKey: own[0] },
      ],
    }),
    // What the request asks for, what they signed for and what they show: two of these agree each time.
    saying('they signed for another name', { keyId: 'other' }, { keyId: 'treasury' }),
    saying('they signed for another algorithm', { algorithm: 4 }, { algorithm: 1 }),
    saying('they signed for another threshold', single, { threshold: 2 }),
    saying('they signed in another order', { participants: turned }, { participants: order }),
    saying('its algorithm is not the one asked for', { algorithm: 4 }),
    saying('its threshold is not the one asked for', single),
    saying('its participants are in another order', { participants: turned }),
    {
      name: 'a key by both that were asked, but neither says that it is installed',
      key: certify(collusion, asked, { installedBy: [] }),
      verdict: 'pending',
    },
  ];
}

/** What the victim does take, made by the same tools: the lies above differ from these in one thing each. */
export function trueKeys(collusion: Collusion): readonly FalseKey[] {
  const { genesis, victim, stranger, honest, nowMs } = collusion;
  const validTo = Date.parse(new X509Certificate(victim.certificate).validTo);
  const duo = asking(DUO);
  const by = (who: Credential, expireTimeMs = nowMs): Asked => ({
    request: duo,
    authority: signedBy(who, genesis.clusterId, duo, expireTimeMs),
  });
  return [
    { name: 'the honest key', key: honest, verdict: 'active' },
    {
      name: 'the honest key, which is known',
      key: honest,
      reader: { publicKey: honest.publicKey },
      verdict: 'active',
    },
    {
      name: 'the honest key, in answer to its request',
      key: honest,
      reader: { asked: honestly(collusion).request },
      verdict: 'active',
    },
    {
      name: 'a key by both that were asked',
      key: certify(collusion, by(victim)),
      verdict: 'active',
    },
    {
      name: 'a request with a certificate that ended before it did',
      key: certify(collusion, by(victim, validTo + TEN_MINUTES_MS - 60_000)),
      verdict: 'active',
    },
    {
      name: 'a key that somebody asked for whom the victim names',
      key: certify(collusion, by(stranger)),
      reader: { requesters: [spiffeIdOf(stranger)] },
      verdict: 'active',
    },
    {
      name: 'a key that somebody else asked for, and whose public key is known',
      key: certify(collusion, by(stranger)),
      reader: { publicKey: collusion.own[0] },
      verdict: 'active',
    },
  ];
}

/** Who is reading, with what a case adds. */
export function readerOf({ victim }: Collusion, { reader }: FalseKey): Reader {
  return { spiffeId: spiffeIdOf(victim), ...reader };
}
