import { bootId, clusterId, keyId, nodeId, sessionId, toHex } from '../../../src/common/index.js';
import type { Boot, NodeId } from '../../../src/common/index.js';
import { algorithmJobs } from '../../../src/algorithms/index.js';
import { KeyManager } from '../../../src/keys/index.js';
import type { KeepInput, KeyManagerParts } from '../../../src/keys/index.js';
import { inlineCompute, systemRandom } from '../../../src/machine/index.js';
import type { Clock, ShareStore } from '../../../src/ports/index.js';
import { memoryShareStore } from '../../../src/store/index.js';
import { Algorithm } from '../../../src/wire/index.js';
import { SCHEMES, GG20, VERIFIERS } from '../../support/builders/schemes.js';

export const KEY = keyId('key-1');
export const SESSION = sessionId('5a'.repeat(32));
export const OTHER_SESSION = sessionId('a5'.repeat(32));
export const NODE: NodeId = nodeId('node-1');
export const BOOT: Boot = bootId('b0'.repeat(16));

/** A scalar of 31 random bytes: below the order, and not short. */
function randomScalar(): bigint {
  return BigInt(`0x${toHex(systemRandom.bytes(31))}`);
}

/** A sharing f(X) = a_0 + a_1·X, and this node's share f(1) of it, ready to be kept. */
export function sharing(parts: Partial<KeepInput> = {}): KeepInput {
  const algorithm = parts.algorithm ?? Algorithm.FROST_ED25519_SHA512;
  const scheme = SCHEMES[algorithm];
  const { group } = scheme.sharing;
  const [a0, a1] = [randomScalar(), randomScalar()];
  const V = [a0, a1].map((each) => group.encode(group.multiplyBase(each)));
  return {
    keyId: KEY,
    sessionId: SESSION,
    version: 1,
    algorithm,
    threshold: 2,
    V,
    publicKey: scheme.publicKeyOf(V[0] ?? new Uint8Array()) ?? new Uint8Array(),
    index: 1,
    scalar: group.encodeScalar((a0 + a1) % group.order),
    record: systemRandom.bytes(200),
    ...parts,
  };
}

/** A clock that is moved by hand. */
export function handClock(): Clock & { elapsedMs: number } {
  return {
    elapsedMs: 0,
    now: () => 1_700_000_000_000,
    elapsed(): number {
      return this.elapsedMs;
    },
    after: () => ({ cancel: () => {} }),
  };
}

export function manager(
  shares: ShareStore = memoryShareStore(),
  parts: Partial<KeyManagerParts> = {},
): KeyManager {
  return new KeyManager({
    shares,
    wrappingKey: new Uint8Array(32).fill(1),
    clusterId: clusterId('c1'.repeat(16)),
    nodeId: NODE,
    boot: BOOT,
    random: systemRandom,
    clock: handClock(),
    compute: inlineCompute(algorithmJobs({ schemes: SCHEMES, verifiers: VERIFIERS, gg20: GG20 })),
    schemes: SCHEMES,
    ...parts,
  });
}

/** A manager with one key share, kept and loaded. */
export async function loaded(
  parts: Partial<KeyManagerParts> = {},
): Promise<{ keys: KeyManager; share: KeepInput; shares: ShareStore }> {
  const shares = memoryShareStore();
  const [keys, share] = [manager(shares, parts), sharing()];
  await keys.keep(share);
  await keys.load(share);
  return { keys, share, shares };
}

/** Claims that `part` occurs anywhere in `whole`. */
export function holds(whole: Uint8Array, part: Uint8Array): boolean {
  return toHex(whole).includes(toHex(part));
}
