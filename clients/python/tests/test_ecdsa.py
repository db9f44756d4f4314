"""ECDSA without a cluster: hashes, signatures that others have made, and what a client says before it calls."""

import hashlib
import unittest

from quorate_client import QuorateError, verify_digest, verify_signature
from quorate_client.client import _payload_of
from quorate_client.digests import HASHES, keccak256
from quorate_client.signatures import public_key_of

SECP256K1, P256 = "GG20_SECP256K1", "GG20_P256"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

# C2SP/wycheproof, ecdsa_secp256k1_sha256_p1363_test.json, the first key: over "123400", with the lower s.
KEY = bytes.fromhex("03b838ff44e5bc177bf21189d0766082fc9d843226887fc9760371100b7ee20a6f")
MESSAGE = b"123400"
SIGNATURE = bytes.fromhex(
    "813ef79ccefa9a56f7ba805f0e478584fe5f0dd5f567bc09b5123ccbc9832365"
    "6ff18a52dcc0336f7af62400a6dd9b810732baf1ff758000d6f613a556eb31ba"
)
# RFC 6979, A.2.5: over "test" with SHA-256.
P256_KEY = bytes.fromhex("0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6")
P256_SIGNATURE = bytes.fromhex(
    "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
    "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"
)
# EIP-155, the example: what is hashed, and the signature with v = 37 for chain id 1, so recovery id 0.
EIP155 = bytes.fromhex(
    "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080"
)
EIP155_KEY = bytes.fromhex("024bc2a31265153f07e70e0bab08724e6b85e217f8cd628ceb62974247bb493382")
EIP155_SIGNATURE = bytes.fromhex(
    "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
    "67cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
)


class EcdsaTest(unittest.TestCase):
    def test_the_hashes_are_those_of_bitcoin_and_ethereum(self):
        empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        self.assertEqual(keccak256(b"").hex(), empty)
        twice = "9595c9df90075148eb06860365df33584b75bff782a510c6cd4883a419833d50"
        self.assertEqual(HASHES["DOUBLE_SHA256"](b"hello").hex(), twice)
        self.assertEqual(HASHES["SHA256"](b"hello"), hashlib.sha256(b"hello").digest())

    def test_signatures_of_others_verify(self):
        self.assertTrue(verify_signature(SECP256K1, KEY, MESSAGE, SIGNATURE))
        self.assertTrue(verify_signature(SECP256K1, KEY, MESSAGE, SIGNATURE, hash="SHA256"))
        self.assertTrue(verify_signature(P256, P256_KEY, b"test", P256_SIGNATURE))
        self.assertTrue(verify_signature(SECP256K1, EIP155_KEY, EIP155, EIP155_SIGNATURE, hash="KECCAK256"))

    def test_what_is_altered_does_not_verify(self):
        s = ORDER - int.from_bytes(SIGNATURE[32:], "big")
        zero, order = bytes(32), ORDER.to_bytes(32, "big")
        for key, message, signature, name in (
            (KEY, MESSAGE + b".", SIGNATURE, None),
            (KEY, MESSAGE, SIGNATURE[:32] + s.to_bytes(32, "big"), None),
            (KEY, MESSAGE, SIGNATURE, "KECCAK256"),
            (KEY, MESSAGE, SIGNATURE, "SHA512"),
            (KEY, MESSAGE, SIGNATURE[:-1], None),
            (KEY, MESSAGE, zero + SIGNATURE[32:], None),
            (KEY, MESSAGE, SIGNATURE[:32] + zero, None),
            (KEY, MESSAGE, order + SIGNATURE[32:], None),
            (b"\x02" + KEY[1:], MESSAGE, SIGNATURE, None),
            (KEY[1:], MESSAGE, SIGNATURE, None),
            (b"", MESSAGE, b"", None),
        ):
            self.assertFalse(verify_signature(SECP256K1, key, message, signature, hash=name))
        self.assertFalse(verify_signature(P256, KEY, MESSAGE, SIGNATURE))
        self.assertFalse(verify_signature("FROST_SECP256K1_SHA256", KEY, MESSAGE, SIGNATURE))

    def test_a_recovery_id_must_be_that_of_the_signature(self):
        digest = keccak256(EIP155)
        args = (SECP256K1, EIP155_KEY, digest, EIP155_SIGNATURE)
        self.assertTrue(verify_digest(*args))
        self.assertEqual([verify_digest(*args, recovery_id=each) for each in range(5)], [True] + 4 * [False])
        self.assertFalse(verify_digest(SECP256K1, EIP155_KEY, digest[:-1], EIP155_SIGNATURE))
        self.assertFalse(verify_digest("FROST_P256_SHA256", EIP155_KEY, digest, EIP155_SIGNATURE))

    def test_the_public_key_of_a_sharing_is_its_first_point(self):
        self.assertEqual(public_key_of(SECP256K1, KEY), KEY)
        self.assertEqual(public_key_of(P256, P256_KEY), P256_KEY)
        for wrong in (b"", KEY[1:], bytes(33), b"\x04" + KEY[1:]):
            self.assertIsNone(public_key_of(SECP256K1, wrong))

    def test_a_request_has_a_hash_or_a_digest_and_its_answer_a_recovery_id(self):
        fields, check = _payload_of(SECP256K1, EIP155, "KECCAK256", None)
        self.assertEqual(fields, {"message": EIP155, "hash": 2})
        self.assertTrue(check(EIP155_KEY, EIP155_SIGNATURE, 0))
        self.assertFalse(check(EIP155_KEY, EIP155_SIGNATURE, 1))
        self.assertFalse(check(EIP155_KEY, EIP155_SIGNATURE, None))
        self.assertEqual(_payload_of(SECP256K1, b"", None, None)[0], {"message": b"", "hash": 1})
        digest = keccak256(EIP155)
        fields, check = _payload_of(SECP256K1, None, None, digest)
        self.assertEqual(fields, {"digest": digest})
        self.assertTrue(check(EIP155_KEY, EIP155_SIGNATURE, 0))

    def test_what_no_ecdsa_key_signs_is_refused(self):
        for reason, args in (
            ("MISSING_MESSAGE", (None, None, None)),
            ("MESSAGE_AND_DIGEST", (MESSAGE, None, bytes(32))),
            ("UNKNOWN_HASH", (MESSAGE, "SHA512", None)),
            ("HASH_WITH_DIGEST", (None, "SHA256", bytes(32))),
            ("INVALID_DIGEST", (None, None, bytes(31))),
        ):
            with self.subTest(reason), self.assertRaises(QuorateError) as caught:
                _payload_of(SECP256K1, *args)
            self.assertEqual(caught.exception.reason, reason)
