"""What a key's certificate proves, held against the client's own cluster file.

The same checks as those of the TypeScript client (docs/threats.md, "Who vouches for what"): identity keys that come
with an answer are compared, never used.
"""

import hashlib

from . import messages
from .requester import requester_of, verify_by
from .signatures import public_key_of, verify_ed25519
from .transcript import data, length_prefixed, many, point, request_bytes, text, transcript, u16, u32, u64

_FORMAT = 1
_METHOD = "/quorate.v1.KeyService/GenerateKey"
_EXPIRY_AHEAD_MS_MAX = 10 * 60 * 1000
_RANKS = {"unverified": 0, "pending": 1, "vouched": 2, "active": 3}


class Verdict:
    """``level``: ``active``, ``vouched``, ``pending`` or ``unverified``. ``because``: in words.

    ``active``: every participant signed for the key, and its requester, which the reader trusts, signed the request.
    ``vouched``: a node says who asked. ``pending``: too few have said that their log activated it.
    """

    def __init__(self, level, because):
        self.level = level
        self.because = because

    def reaches(self, required):
        return _RANKS[self.level] >= _RANKS[required]

    def __repr__(self):
        return f"Verdict({self.level!r}, {self.because!r})"


class _Fault(Exception):
    pass


def verify_key(key, genesis, requesters=(), asked=None, public_key=None):
    """The Verdict on a ``quorate.v1.Key`` message. Never raises.

    ``requesters``: SPIFFE ids whose keys the reader trusts, its own among them.
    ``asked``: the bytes of the GenerateKeyRequest that the key answers, where the reader sent one.
    ``public_key``: the key's public key, known from elsewhere.
    """
    try:
        return _verify(key, genesis, tuple(requesters), asked, public_key)
    except _Fault as fault:
        return Verdict("unverified", str(fault))


def _verify(key, genesis, requesters, asked, public_key):
    certificate = key.certificate
    if not key.HasField("certificate") or not certificate.HasField("sharing"):
        raise _Fault("it has no certificate")
    _demand(certificate.format == _FORMAT, f"its certificate is of form {certificate.format}, which is not known")
    sharing = certificate.sharing
    request = _request(certificate)
    _check_fields(key, sharing)
    _check_members(certificate, sharing, genesis)
    _check_request(key, request, genesis)
    _demand(_request_hash(certificate) == sharing.request_hash, "its participants signed for another request")
    _demand(asked is None or asked == certificate.request, "its request is not the one that was sent")
    known = public_key is None or public_key == sharing.public_key
    _demand(known, "its public key is not the one that is known")
    _check_ready(certificate, sharing, genesis)
    spiffe_id, voucher = _requester(certificate, genesis)
    _demand(key.owner == spiffe_id, f"{spiffe_id} asked for it, which is not its owner")
    if asked is not None:
        _demand(spiffe_id in requesters, f"{spiffe_id} asked for it")
    elif voucher is None and public_key is None:
        _demand(len(request.participants) > 0, "its request names no participants")
        _demand(spiffe_id in requesters, f"{spiffe_id} asked for it, which is not a requester that you trust")

    installed = _installed(certificate, sharing, genesis)
    if installed < sharing.threshold:
        return Verdict("pending", f"{installed} of at least {sharing.threshold} participants say that it is installed")
    if voucher is None:
        return Verdict("active", f"all participants signed for it, and {spiffe_id} asked for it")
    return Verdict("vouched", f"all participants signed for it, and {voucher} vouches for the request of {spiffe_id}")


def _demand(holds, otherwise):
    if not holds:
        raise _Fault(otherwise)


def _request(certificate):
    _demand(certificate.method == _METHOD, "its request is not one to generate a key")
    try:
        return messages.of("quorate.v1.GenerateKeyRequest").FromString(certificate.request)
    except messages.DecodeError as error:
        raise _Fault("its request cannot be read") from error


def _request_hash(certificate):
    return hashlib.sha256(length_prefixed(certificate.method.encode()) + length_prefixed(certificate.request)).digest()


def algorithm_name(message):
    """The name of the algorithm of a message that has one; the number of an unknown one, as text."""
    value = message.DESCRIPTOR.fields_by_name["algorithm"].enum_type.values_by_number.get(message.algorithm)
    if value is None:
        return str(message.algorithm)
    return value.name[len("ALGORITHM_") :] if value.name.startswith("ALGORITHM_") else value.name


def _check_fields(key, sharing):
    same = (
        key.key_id == sharing.key_id
        and key.algorithm == sharing.algorithm
        and key.threshold == sharing.threshold
        and key.version == sharing.version
        and key.public_key == sharing.public_key
        and list(key.participants) == [each.node_id for each in sharing.participants]
    )
    _demand(same, "its certificate is for something else")
    points = sharing.public_polynomial
    first = public_key_of(algorithm_name(sharing), points[0]) if points else None
    sound = len(points) == sharing.threshold and first is not None and first == sharing.public_key
    _demand(sound, "its public key is not that of its sharing")


def _check_members(certificate, sharing, genesis):
    _demand(certificate.cluster_id == genesis.cluster_id, "it is of another cluster")
    for each in sharing.participants:
        known = genesis.identity_keys.get(each.node_id)
        _demand(known is not None, f"participant {each.node_id} is not in the cluster file")
        _demand(known == each.identity_key, f"the identity key of {each.node_id} is not the one in the cluster file")


def _check_request(key, request, genesis):
    participants = list(request.participants) or genesis.voters
    pairs = [(each.key, each.value) for each in request.labels]
    same = (
        key.key_id == request.key_id
        and key.algorithm == request.algorithm
        and key.threshold == request.threshold
        and list(key.participants) == participants
        and list(key.allowed_signers) == list(request.allowed_signers)
        and [(each.key, each.value) for each in key.labels] == pairs
    )
    _demand(same, "it is not what its request asked for")


def _check_ready(certificate, sharing, genesis):
    signed = _ready_bytes(certificate.cluster_id, sharing)
    counted = len(certificate.ready) == len(sharing.participants)
    _demand(counted, f"{len(certificate.ready)} signed for it, and it has {len(sharing.participants)} participants")
    for each in sharing.participants:
        said = next((ready for ready in certificate.ready if ready.node_id == each.node_id), None)
        good = said is not None and _is_by(said, signed, genesis)
        _demand(good, f"the signature of {each.node_id} does not verify")


def _installed(certificate, sharing, genesis):
    """How many participants, each counted once, have said that their log activated the version."""
    items = [text(certificate.cluster_id), data(sharing.session_id), text(sharing.key_id)]
    signed = transcript("fact/installed", [*items, u32(sharing.version), data(sharing.digest)])
    names = {each.node_id for each in sharing.participants}
    good = {each.node_id for each in certificate.installed if _is_by(each, signed, genesis)}
    return len(names & good)


def _ready_bytes(cluster_id, sharing):
    participants = [many([text(each.node_id), data(each.identity_key)]) for each in sharing.participants]
    return transcript(
        "fact/ready",
        [
            text(cluster_id),
            data(sharing.session_id),
            data(sharing.request_hash),
            text(sharing.key_id),
            text(algorithm_name(sharing)),
            u16(sharing.threshold),
            many(participants),
            u32(sharing.base_version),
            u32(sharing.version),
            many([point(each) for each in sharing.public_polynomial]),
            data(sharing.public_key),
            data(sharing.chain_code),
            data(sharing.digest),
        ],
    )


def _is_by(said, signed, genesis):
    identity_key = genesis.identity_keys.get(said.node_id)
    return identity_key is not None and verify_ed25519(identity_key, signed, said.signature)


def _requester(certificate, genesis):
    """The SPIFFE id of the requester, and the node that vouches for it, or None where it signed itself."""
    by = certificate.WhichOneof("authority")
    if by == "voucher":
        return _vouched(certificate, certificate.voucher, genesis)
    _demand(by == "signed", "its authorization does not count: there is none")
    signed = certificate.signed
    try:
        requester = requester_of(list(signed.certificates), genesis.requester_authorities)
    except ValueError as error:
        raise _Fault(f"its authorization does not count: {error}") from error
    claim = request_bytes(certificate.cluster_id, certificate.method, signed.expire_time_ms, certificate.request)
    good = verify_by(requester.key, claim, signed.signature)
    _demand(good, "its authorization does not count: the signature does not verify")
    # No signature tells when the request was taken: at most ten minutes before its expiry.
    timely = (
        requester.not_before_ms < signed.expire_time_ms
        and requester.not_after_ms >= signed.expire_time_ms - _EXPIRY_AHEAD_MS_MAX
    )
    _demand(timely, "its requester signed with a certificate out of date")
    return requester.spiffe_id, None


def _vouched(certificate, voucher, genesis):
    _demand(genesis.takes_unsigned, "its authorization does not count: requests must be signed")
    items = [text(certificate.cluster_id), text(certificate.method), text(voucher.spiffe_id)]
    claim = transcript("voucher", [*items, u64(voucher.expire_time_ms), data(certificate.request)])
    identity_key = genesis.identity_keys.get(voucher.node_id)
    good = identity_key is not None and verify_ed25519(identity_key, claim, voucher.signature)
    _demand(good, "its authorization does not count: the voucher does not verify")
    return voucher.spiffe_id, voucher.node_id
