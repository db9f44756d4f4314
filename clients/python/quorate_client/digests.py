"""The hashes of messages that ECDSA keys sign. Public values only."""

import hashlib

DIGEST_BYTES = 32
_RATE_BYTES = 136
_MASK = (1 << 64) - 1
# FIPS 202, section 3.2: the rotations of rho along the walk of pi, and the constants of iota.
_WALK = (10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1)
_TURNS = (1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44)


def _round_constants():
    constants, register = [], 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << ((1 << power) - 1)
            register <<= 1
            if register & 0x100:
                register ^= 0x171
        constants.append(constant)
    return constants


_CONSTANTS = _round_constants()


def _turn(lane, by):
    return (lane << by | lane >> (64 - by)) & _MASK


def _permute(lanes):
    for constant in _CONSTANTS:
        columns = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        for x in range(5):
            mixed = columns[x - 1] ^ _turn(columns[(x + 1) % 5], 1)
            for y in range(0, 25, 5):
                lanes[x + y] ^= mixed
        carried = lanes[1]
        for place, by in zip(_WALK, _TURNS):
            lanes[place], carried = _turn(carried, by), lanes[place]
        for y in range(0, 25, 5):
            row = lanes[y : y + 5]
            for x in range(5):
                lanes[x + y] = row[x] ^ (~row[(x + 1) % 5] & _MASK & row[(x + 2) % 5])
        lanes[0] ^= constant


def keccak256(data):
    """Keccak-256 as Ethereum has it: 32 bytes. Not SHA3-256 (FIPS 202), which pads otherwise."""
    padded = bytearray(data) + b"\x01"
    padded += bytes(-len(padded) % _RATE_BYTES)
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), _RATE_BYTES):
        for at in range(_RATE_BYTES // 8):
            lanes[at] ^= int.from_bytes(padded[start + 8 * at : start + 8 * at + 8], "little")
        _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _sha256(data):
    return hashlib.sha256(data).digest()


# By the names of quorate.v1.Hash.
HASHES = {
    "SHA256": _sha256,
    "KECCAK256": keccak256,
    "DOUBLE_SHA256": lambda data: _sha256(_sha256(data)),
}
