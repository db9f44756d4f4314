import { expect, jest, test } from '@jest/globals';
import { nodeId } from '../../src/common/index.js';
import { METHODS, signatureOf } from '../../src/state/index.js';
import type { ActiveKey } from '../../src/state/index.js';
import { Algorithm, encode, Gg20Profile, Hash, SignRequest } from '../../src/wire/index.js';
import type { SignatureResult } from '../../src/wire/index.js';
import { quickTables, readyPrimes } from '../support/builders/gg20-cluster.js';
import { NODES } from '../support/builders/ledger.js';
import { KEY, ReshareCluster, versionOf } from '../support/clusters/reshare-cluster.js';
import { VERIFIERS } from '../support/builders/schemes.js';

/* Threshold ECDSA with secp256k1 and moduli of 2048 bits, whose primes are there already. */

jest.setTimeout(600_000);

const [ONE = nodeId(''), TWO = nodeId(''), THREE = nodeId('')] = NODES;
const ALGORITHM = Algorithm.GG20_SECP256K1;
const DIGEST = new Uint8Array(32).fill(7);

async function sign(
  cluster: ReshareCluster,
  key: ActiveKey,
  requestId: string,
): Promise<SignatureResult | undefined> {
  const request = encode(SignRequest, {
    requestId,
    keyId: KEY,
    payload: { $case: 'digest', value: DIGEST },
    derivationPath: [],
    hash: Hash.UNSPECIFIED,
  });
  const signed = signatureOf(await cluster.replicas.submit(TWO, METHODS.sign, request));
  const verify = VERIFIERS[ALGORITHM].verify;
  const isValid = signed !== undefined && verify(key.publicKey, DIGEST, signed.signature);
  return isValid ? signed : undefined;
}

test('an ECDSA key is shared anew with another threshold, under moduli that were made for that, and signs as before', async () => {
  const primes = new Map(NODES.map((node, at) => [node, readyPrimes(at + 1, 2)]));
  await using cluster = await ReshareCluster.start(NODES, {
    primesOf: (node) => primes.get(node) ?? readyPrimes(0),
    tablesOf: () => ({ gg20: quickTables() }),
    answerMs: 150_000,
  });
  const made = { algorithm: ALGORITHM, gg20Profile: Gg20Profile.P2048, threshold: 2 };
  const before = await cluster.generate(ONE, made);
  expect((await sign(cluster, before, 'before'))?.keyVersion).toBe(1);

  const terms = { threshold: 3, participants: [...NODES], allowNoRedundancy: true };
  expect(versionOf(await cluster.reshare(ONE, terms))).toBe(2);

  const after = await cluster.key(ONE);
  expect([after.version, after.threshold]).toEqual([2, 3]);
  expect(after.publicKey).toEqual(before.publicKey);
  const { keyVersion, signers } = (await sign(cluster, before, 'after')) ?? {};
  expect([keyVersion, signers]).toEqual([2, [ONE, TWO, THREE]]);
  await cluster.keep({ [ONE]: 1, [TWO]: 1, [THREE]: 1 });
});
