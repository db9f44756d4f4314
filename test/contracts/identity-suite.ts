import { describe, expect, test } from '@jest/globals';
import { nodeId, utf8 } from '../../src/common/index.js';
import type { NodeId } from '../../src/common/index.js';
import type { Signer, Verify } from '../../src/ports/index.js';

/** Signers, and the verifier that every node has. */
export type IdentityPlace = {
  readonly signer: (node: NodeId) => Signer;
  readonly verify: Pick<Verify, 'identity'>;
};

const BYTES = utf8('what a node says of itself');

/** What every Signer and the Verify beside it do together. */
export function identitySuite(name: string, makePlace: () => IdentityPlace): void {
  describe(`signer and verifier: ${name}`, () => {
    test('a signature of 64 bytes verifies under its key of 32, again and again', () => {
      const { signer, verify } = makePlace();
      const one = signer(nodeId('node-1'));
      expect(one.node).toBe('node-1');
      expect(one.publicKey).toHaveLength(32);
      for (let at = 0; at < 2; at++) {
        const signature = one.sign(BYTES);
        expect(signature).toHaveLength(64);
        expect(verify.identity(one.publicKey, BYTES, signature)).toBe(true);
      }
    });

    test('a signature verifies for no other bytes, no other key, and with no bit changed', () => {
      const { signer, verify } = makePlace();
      const one = signer(nodeId('node-1'));
      const signature = one.sign(BYTES);
      const other = signer(nodeId('node-2'));
      expect(verify.identity(one.publicKey, utf8('something else'), signature)).toBe(false);
      expect(verify.identity(other.publicKey, BYTES, signature)).toBe(false);
      for (let at = 0; at < 64; at++) {
        const altered = signature.slice();
        altered[at] = (altered[at] ?? 0) ^ 1;
        expect(verify.identity(one.publicKey, BYTES, altered)).toBe(false);
      }
    });

    test('bytes without the shape of a key or a signature are refused, and nothing is thrown', () => {
      const { signer, verify } = makePlace();
      const one = signer(nodeId('node-1'));
      const signature = one.sign(BYTES);
      for (const length of [0, 31, 33, 63, 65]) {
        expect(verify.identity(new Uint8Array(length), BYTES, signature)).toBe(false);
        expect(verify.identity(one.publicKey, BYTES, new Uint8Array(length))).toBe(false);
      }
      expect(verify.identity(new Uint8Array(32), BYTES, new Uint8Array(64))).toBe(false);
      expect(verify.identity(new Uint8Array(32).fill(0xff), BYTES, signature)).toBe(false);
    });
  });
}
