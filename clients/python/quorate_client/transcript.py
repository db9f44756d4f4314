"""The bytes that are signed (docs/wire.md, "Items and transcripts" and "Requests")."""

import struct


def length_prefixed(data):
    """LP(x) = u64be(length) followed by x."""
    return struct.pack(">Q", len(data)) + data


def _item(tag, data):
    return bytes([tag]) + length_prefixed(data)


def data(value):
    """Hashes, session ids, keys."""
    return _item(0x01, value)


def u16(value):
    # Modulo 2^16, as nodes write it.
    return _item(0x02, struct.pack(">H", value & 0xFFFF))


def u32(value):
    return _item(0x02, struct.pack(">I", value))


def u64(value):
    return _item(0x02, struct.pack(">Q", value))


def point(value):
    return _item(0x03, value)


def many(items):
    return _item(0x04, struct.pack(">I", len(items)) + b"".join(items))


def text(value):
    return _item(0x05, value.encode())


def transcript(label, items):
    """T(label, items): one reading only."""
    return (
        length_prefixed(b"quorate/1")
        + length_prefixed(label.encode())
        + struct.pack(">I", len(items))
        + b"".join(items)
    )


def request_bytes(cluster_id, method, expiry_ms, request):
    """What a requester signs for one request."""
    return (
        b"quorate-request-v1"
        + length_prefixed(method.encode())
        + length_prefixed(cluster_id.encode())
        + struct.pack(">Q", expiry_ms)
        + length_prefixed(request)
    )
