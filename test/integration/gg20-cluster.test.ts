import { secp256k1 } from '@noble/curves/secp256k1.js';
import { createPublicKey, verify as verifyByOpenSsl } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { concat, fromHex, nodeId, utf8 } from '../../src/common/index.js';
import { sha256 } from '../../src/crypto/index.js';
import { generatedKeyOf, METHODS, signatureOf } from '../../src/state/index.js';
import { Algorithm, encode, Gg20Profile, Hash, SignRequest } from '../../src/wire/index.js';
import type { SignatureResult } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { quickTables, readyPrimes } from '../support/builders/gg20-cluster.js';
import { generateRequest, NODES, testGenesis, verify } from '../support/builders/ledger.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';

const [FIRST = nodeId(''), SECOND = nodeId(''), THIRD = nodeId('')] = NODES;
const SPKI_OF_SECP256K1 = fromHex('3036301006072a8648ce3d020106052b8104000a032200');

/** Three nodes that have primes for one generation each, and find no more. */
function start(): Promise<ReplicaCluster> {
  const primes = new Map(NODES.map((node, at) => [node, readyPrimes(at + 1)]));
  return ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    primesOf: (node) => primes.get(node) ?? readyPrimes(0),
    tablesOf: () => ({ gg20: quickTables() }),
  });
}

async function generate(cluster: ReplicaCluster): Promise<Uint8Array> {
  const asked = generateRequest('gg20-key', {
    algorithm: Algorithm.GG20_SECP256K1,
    gg20Profile: Gg20Profile.P2048,
  });
  const generated = await cluster.submit(FIRST, METHODS.generateKey, asked);
  const { publicKey = utf8('') } = generatedKeyOf(generated) ?? {};
  expect(publicKey).toHaveLength(33);
  return publicKey;
}

async function sign(
  cluster: ReplicaCluster,
  node: typeof FIRST,
  requestId: string,
  more: Partial<SignRequest>,
): Promise<SignatureResult> {
  const request = encode(SignRequest, {
    requestId,
    keyId: 'gg20-key',
    payload: undefined,
    derivationPath: [],
    hash: Hash.UNSPECIFIED,
    ...more,
  });
  const signed = signatureOf(await cluster.submit(node, METHODS.sign, request));
  if (signed === undefined) throw new Error('there is no signature');
  return signed;
}

function isOfOpenSsl(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const spki = Buffer.from(concat(SPKI_OF_SECP256K1 ?? utf8(''), publicKey));
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return verifyByOpenSsl('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

test('a GG20 key is made when its set is prepared, signs messages and digests, and survives a restart', async () => {
  await using cluster = await start();
  const publicKey = await generate(cluster);

  const message = utf8('hello');
  const hashed = {
    payload: { $case: 'message', value: message },
    hash: Hash.SHA256,
  } as const;
  const one = await sign(cluster, FIRST, 'one', hashed);
  expect(isOfOpenSsl(publicKey, message, one.signature)).toBe(true);
  expect(one.signers).toHaveLength(2);

  const digest = sha256(utf8('bare'));
  const bare = { payload: { $case: 'digest', value: digest }, derivationPath: [7, 1] } as const;
  const two = await sign(cluster, SECOND, 'two', { ...bare, derivationPath: [7, 1] });
  const raw = { prehash: false } as const;
  expect(secp256k1.verify(two.signature, digest, two.publicKey, raw)).toBe(true);
  const recovered = secp256k1.Signature.fromBytes(two.signature)
    .addRecoveryBit(two.recoveryId ?? 9)
    .recoverPublicKey(digest)
    .toBytes();
  expect(recovered).toEqual(two.publicKey);
  expect(two.publicKey).not.toEqual(publicKey);

  // No node has primes for another generation: the third signs with what its disk has.
  await cluster.stop(THIRD);
  await cluster.restart(THIRD);
  await cluster.stop(FIRST);
  const three = await sign(cluster, THIRD, 'three', hashed);
  expect(three.signers).toEqual([SECOND, THIRD]);
  expect(isOfOpenSsl(publicKey, message, three.signature)).toBe(true);
});
