"""Verification of signatures, and public keys of sharings. Public values only, so nothing here is constant in time."""

import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from ecdsa import NIST256p, SECP256k1
from ecdsa.ellipticcurve import INFINITY, PointJacobi

from .digests import DIGEST_BYTES, HASHES

ED25519 = "FROST_ED25519_SHA512"
SECP256K1 = "FROST_SECP256K1_SHA256"
TAPROOT = "FROST_SECP256K1_TAPROOT"
P256 = "FROST_P256_SHA256"
GG20_SECP256K1 = "GG20_SECP256K1"
GG20_P256 = "GG20_P256"

# RFC 9591, sections 6.4 and 6.5: the curve, and the context that its hashes are separated by.
_SUITES = {
    SECP256K1: (SECP256k1, b"FROST-secp256k1-SHA256-v1"),
    P256: (NIST256p, b"FROST-P256-SHA256-v1"),
}

# Keys of these sign digests.
_ECDSA = {GG20_SECP256K1: SECP256k1, GG20_P256: NIST256p}


def signs_digests(algorithm):
    """Whether keys of ``algorithm`` sign the hash of a message (ECDSA), and not the message itself."""
    return algorithm in _ECDSA


def verify_ed25519(public_key, message, signature):
    """Whether an Ed25519 signature (RFC 8032) verifies. Any bytes may be handed in."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify_signature(algorithm, public_key, message, signature, hash=None):
    """Whether ``signature`` by a key of ``algorithm`` (its name, as ``FROST_P256_SHA256``) verifies.

    ``hash``: for an ECDSA key, ``SHA256`` (unless given), ``KECCAK256`` or ``DOUBLE_SHA256``; its signature is r and s
    of 64 bytes with the lower s. Never raises: bytes that cannot be decoded do not verify, and neither does a message
    with a hash that its key does not make.
    """
    if algorithm in _ECDSA:
        digest_of = HASHES.get(hash or "SHA256")
        return digest_of is not None and verify_digest(algorithm, public_key, digest_of(message), signature)
    if hash is not None:
        return False
    if algorithm == ED25519:
        return verify_ed25519(public_key, message, signature)
    if algorithm == TAPROOT:
        return _verify_bip340(public_key, message, signature)
    suite = _SUITES.get(algorithm)
    return suite is not None and _verify_schnorr(*suite, public_key, message, signature)


def verify_digest(algorithm, public_key, digest, signature, recovery_id=None):
    """Whether an ECDSA signature (FIPS 186-5, section 6.4.2) of a digest of 32 bytes verifies; r and s of 64 bytes.

    The higher of the two s that verify is refused. ``recovery_id``: where given, it must be the one of the signature.
    Never raises.
    """
    curve = _ECDSA.get(algorithm)
    if curve is None or len(digest) != DIGEST_BYTES or len(signature) != 64:
        return False
    key, order = _decode(curve, public_key), curve.order
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if key is None or not 0 < r < order or not 0 < s <= order // 2:
        return False
    inverse = pow(s, order - 2, order)
    nonce = curve.generator * (int.from_bytes(digest, "big") * inverse % order) + key * (r * inverse % order)
    if nonce == INFINITY or nonce.x() % order != r:
        return False
    # SEC 1, section 4.1.6.
    return recovery_id is None or recovery_id == (nonce.y() & 1) + (2 if nonce.x() >= order else 0)


def public_key_of(algorithm, first):
    """The public key of a sharing whose polynomial begins with the encoded point ``first``; None when there is none."""
    if algorithm == ED25519:
        return first if len(first) == 32 else None
    if algorithm == TAPROOT:
        inner = _decode(SECP256k1, first)
        if inner is None:
            return None
        # BIP-86: Q = P + int(hash of TapTweak over x(P)) G, of P the point with the even y.
        even = _lift_x(inner.x())
        tweak = int.from_bytes(_tagged("TapTweak", _bytes32(inner.x())), "big")
        if even is None or tweak >= SECP256k1.order:
            return None
        output = even + SECP256k1.generator * tweak
        return None if output == INFINITY else _bytes32(output.x())
    curve = _ECDSA[algorithm] if algorithm in _ECDSA else _SUITES.get(algorithm, (None,))[0]
    return first if curve is not None and _decode(curve, first) is not None else None


def _verify_schnorr(curve, context, public_key, message, signature):
    """RFC 9591, appendix B: z G = R + c PK."""
    if len(public_key) != 33 or len(signature) != 65:
        return False
    nonce, key = _decode(curve, signature[:33]), _decode(curve, public_key)
    z = int.from_bytes(signature[33:], "big")
    if nonce is None or key is None or z >= curve.order:
        return False
    challenge = _hash_to_scalar(curve, context + b"chal", signature[:33] + public_key + message)
    return curve.generator * z == nonce + key * challenge


def _verify_bip340(public_key, message, signature):
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key = _lift_x(int.from_bytes(public_key, "big"))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if key is None or r >= SECP256k1.curve.p() or s >= SECP256k1.order:
        return False
    challenge = int.from_bytes(_tagged("BIP0340/challenge", signature[:32] + public_key + message), "big")
    nonce = SECP256k1.generator * s + key * (-challenge % SECP256k1.order)
    return nonce != INFINITY and nonce.y() % 2 == 0 and nonce.x() == r


def _decode(curve, encoded):
    """SEC 1, section 2.3.4: a compressed point that is not the identity; None for all other bytes."""
    if len(encoded) != 33 or encoded[0] not in (2, 3):
        return None
    return _with_x(curve, int.from_bytes(encoded[1:], "big"), encoded[0] & 1)


def _lift_x(x):
    """BIP-340: the point with this x and an even y."""
    return _with_x(SECP256k1, x, 0)


def _with_x(curve, x, parity):
    p, a, b = curve.curve.p(), curve.curve.a(), curve.curve.b()
    if x >= p:
        return None
    square = (pow(x, 3, p) + a * x + b) % p
    # Of both curves p = 3 mod 4, so this is a root where there is one.
    y = pow(square, (p + 1) // 4, p)
    if y * y % p != square:
        return None
    return PointJacobi(curve.curve, x, y if y % 2 == parity else p - y, 1, curve.order)


def _bytes32(number):
    return number.to_bytes(32, "big")


def _tagged(tag, data):
    """BIP-340: a hash that is separated by its tag."""
    name = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(name + name + data).digest()


def _hash_to_scalar(curve, domain, message):
    """RFC 9380, section 5.2 with expand_message_xmd and SHA-256, L = 48, modulo the order."""
    length, domain = 48, domain + bytes([len(domain)])
    first = hashlib.sha256(bytes(64) + message + struct.pack(">H", length) + b"\x00" + domain).digest()
    block = hashlib.sha256(first + b"\x01" + domain).digest()
    mixed = bytes(a ^ b for a, b in zip(first, block))
    uniform = block + hashlib.sha256(mixed + b"\x02" + domain).digest()
    return int.from_bytes(uniform[:length], "big") % curve.order
