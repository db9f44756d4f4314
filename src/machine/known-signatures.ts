import { fromHex, utf8 } from '../common/index.js';
import type { KeyAlgorithm } from '../identity/index.js';
import { Algorithm } from '../wire/index.js';

/** Signatures that others have published, for the test at start. */
export type Known = Readonly<Record<'publicKey' | 'message' | 'signature', Uint8Array>>;

/** RFC 8032 §7.1, TEST 2. */
export const ED25519: Known = {
  publicKey: hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'),
  message: utf8('r'),
  signature: hex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
      '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ),
};

/** RFC 6979 §A.2.5, SHA-256, message "sample". Its s is a high one. */
export const P256: Known = {
  publicKey: hex(
    '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
      '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
  ),
  message: utf8('sample'),
  signature: hex(
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716' +
      'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  ),
};

/** RFC 9591, appendix E.5. */
const SECP256K1: Known = {
  publicKey: hex('02f37c34b66ced1fb51c34a90bdae006901f10625cc06c4f64663b0eae87d87b4f'),
  message: utf8('test'),
  signature: hex(
    '024c1ad4e031872661fa6ebd05dfc7fb30db08b38d79f0edbc82051ae931381bc6' +
      'a46881e25c7989d3816eae32074f1ab0d49ee908a59713ed5284c6bade7cfb02',
  ),
};

/** BIP-340, test vector 1. */
const BIP340: Known = {
  publicKey: hex('dff1d77f2a671c5f36183726db2341be58feae1da2deced843240f7b502ba659'),
  message: hex('243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89'),
  signature: hex(
    '6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de3341' +
      '8906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a',
  ),
};

/** RFC 9591, appendix E.4. */
const SCHNORR_P256: Known = {
  publicKey: hex('023a309ad94e9fe8a7ba45dfc58f38bf091959d3c99cfbd02b4dc00585ec45ab70'),
  message: utf8('test'),
  signature: hex(
    '02aea65143565d19f2811d6c1d7a7486fdd57dd3f6b08d8653ca260ec0ebe00b61' +
      'ca5d775641ac46891ac3d6089e1db471b3ab173ccb586035582185e43f13f245',
  ),
};

/** RFC 6979's nonce for key 1 and the SHA-256 of "Satoshi Nakamoto", as Bitcoin's libraries test it. */
const ECDSA_SECP256K1: Known = {
  publicKey: hex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'),
  message: hex('a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e'),
  signature: hex(
    '934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8' +
      '2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5',
  ),
};

/** RFC 6979 §A.2.5, the SHA-256 of "test". */
const ECDSA_P256: Known = {
  publicKey: hex('0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6'),
  message: hex('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'),
  signature: hex(
    'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367' +
      '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
  ),
};

/** One of each algorithm of keys. */
export const FINAL: Readonly<Record<KeyAlgorithm, Known>> = {
  [Algorithm.FROST_ED25519_SHA512]: ED25519,
  [Algorithm.FROST_SECP256K1_SHA256]: SECP256K1,
  [Algorithm.FROST_SECP256K1_TAPROOT]: BIP340,
  [Algorithm.FROST_P256_SHA256]: SCHNORR_P256,
  [Algorithm.GG20_SECP256K1]: ECDSA_SECP256K1,
  [Algorithm.GG20_P256]: ECDSA_P256,
};

function hex(text: string): Uint8Array {
  return fromHex(text) ?? new Uint8Array();
}
