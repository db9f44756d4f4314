import { secp256k1 } from '@noble/curves/secp256k1.js';
import { createPublicKey, verify as verifyByOpenSsl } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { concat, fromHex, nodeId, utf8 } from '../../src/common/index.js';
import { sha256 } from '../../src/crypto/index.js';
import { generatedKeyOf, METHODS, signatureOf } from '../../src/state/index.js';
import { Algorithm, encode, Gg20Profile, Hash, SignRequest } from '../../src/wire/index.js';
import { ledgerSigner } from '../support/builders/accusation.js';
import { quickTables, readyPrimes } from '../support/builders/gg20-cluster.js';
import { generateRequest, NODES, testGenesis, verify } from '../support/builders/ledger.js';
import { ReplicaCluster } from '../support/clusters/replica-cluster.js';

const NODE = nodeId('node-1');
const SPKI_OF_SECP256K1 = fromHex('3036301006072a8648ce3d020106052b8104000a032200');

function signRequest(requestId: string, more: Partial<SignRequest>): Uint8Array {
  return encode(SignRequest, {
    requestId,
    keyId: 'gg20-key',
    payload: undefined,
    derivationPath: [],
    hash: Hash.UNSPECIFIED,
    ...more,
  });
}

test('a GG20 key is made when its set is prepared, and signs messages and digests', async () => {
  await using cluster = await ReplicaCluster.start({
    genesis: testGenesis(),
    verify,
    signerOf: ledgerSigner,
    primesOf: (node) => readyPrimes(NODES.indexOf(node) + 1),
    tablesOf: () => ({ gg20: quickTables() }),
  });
  const asked = generateRequest('gg20-key', {
    algorithm: Algorithm.GG20_SECP256K1,
    gg20Profile: Gg20Profile.P2048,
  });
  const generated = await cluster.submit(NODE, METHODS.generateKey, asked);
  const { publicKey = utf8('') } = generatedKeyOf(generated) ?? {};
  expect(publicKey).toHaveLength(33);

  const message = utf8('hello');
  const request = signRequest('one', {
    payload: { $case: 'message', value: message },
    hash: Hash.SHA256,
  });
  const signed = await cluster.submit(NODE, METHODS.sign, request);
  const made = signatureOf(signed);
  const { signature = utf8('') } = made ?? {};
  expect(secp256k1.verify(signature, message, publicKey)).toBe(true);
  const key = createPublicKey({
    key: Buffer.from(concat(SPKI_OF_SECP256K1 ?? utf8(''), publicKey)),
    format: 'der',
    type: 'spki',
  });
  const der = { key, dsaEncoding: 'ieee-p1363' } as const;
  expect(verifyByOpenSsl('sha256', message, der, signature)).toBe(true);
  expect(made?.signers).toHaveLength(2);

  const digest = sha256(utf8('bare'));
  const bare = signRequest('two', {
    payload: { $case: 'digest', value: digest },
    derivationPath: [7, 1],
  });
  const derived = signatureOf(await cluster.submit(nodeId('node-2'), METHODS.sign, bare));
  const raw = { prehash: false } as const;
  expect(
    secp256k1.verify(derived?.signature ?? utf8(''), digest, derived?.publicKey ?? utf8(''), raw),
  ).toBe(true);
  expect(derived?.publicKey).not.toEqual(publicKey);
});
