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
_FORMAT_IN_USE = 2
_METHOD = "/quorate.v1.KeyService/GenerateKey"
_RESHARE_METHOD = "/quorate.v1.KeyService/ReshareKey"
_OPERATOR = "spiffe://quorate/operator/"
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
    reshared = certificate.HasField("in_use")
    known_form = certificate.format == (_FORMAT_IN_USE if reshared else _FORMAT)
    _demand(known_form, f"its certificate is of form {certificate.format}, which is not known")
    sharing = certificate.sharing
    request = _request(certificate)
    _check_fields(key, sharing, certificate.in_use.sharing if reshared else sharing)
    _demand(certificate.cluster_id == genesis.cluster_id, "it is of another cluster")
    _check_members(sharing, genesis)
    _check_request(key, sharing, request, genesis)
    _demand(_request_hash(certificate) == sharing.request_hash, "its participants signed for another request")
    _demand(asked is None or asked == certificate.request, "its request is not the one that was sent")
    known = public_key is None or public_key == sharing.public_key
    _demand(known, "its public key is not the one that is known")
    _check_ready(certificate.ready, sharing, genesis)
    if reshared:
        _check_in_use(key, sharing, certificate.in_use, genesis)
    spiffe_id, voucher = _requester(certificate, genesis)
    _demand(key.owner == spiffe_id, f"{spiffe_id} asked for it, which is not its owner")
    if asked is not None:
        _demand(spiffe_id in requesters, f"{spiffe_id} asked for it")
    elif voucher is None and public_key is None:
        _demand(len(request.participants) > 0, "its request names no participants")
        _demand(spiffe_id in requesters, f"{spiffe_id} asked for it, which is not a requester that you trust")

    installed = _installed(certificate.installed, sharing, genesis)
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


def _check_fields(key, sharing, used):
    """``sharing``: version 1. ``used``: the version in use."""
    same = (
        key.key_id == sharing.key_id
        and key.algorithm == sharing.algorithm
        and key.threshold == used.threshold
        and key.version == used.version
        and key.public_key == sharing.public_key
        and list(key.participants) == [each.node_id for each in used.participants]
    )
    _demand(same, "its certificate is for something else")
    points = sharing.public_polynomial
    first = public_key_of(algorithm_name(sharing), points[0]) if points else None
    sound = len(points) == sharing.threshold and first is not None and first == sharing.public_key
    _demand(sound, "its public key is not that of its sharing")


def _check_members(sharing, genesis):
    for each in sharing.participants:
        known = genesis.identity_keys.get(each.node_id)
        _demand(known is not None, f"participant {each.node_id} is not in the cluster file")
        _demand(known == each.identity_key, f"the identity key of {each.node_id} is not the one in the cluster file")


def _check_request(key, sharing, request, genesis):
    participants = list(request.participants) or genesis.voters
    pairs = [(each.key, each.value) for each in request.labels]
    same = (
        key.key_id == request.key_id
        and key.algorithm == request.algorithm
        and sharing.threshold == request.threshold
        and [each.node_id for each in sharing.participants] == participants
        and list(key.allowed_signers) == list(request.allowed_signers)
        and [(each.key, each.value) for each in key.labels] == pairs
    )
    _demand(same, "it is not what its request asked for")


def _check_in_use(key, first, in_use, genesis):
    """Who holds the key now, and how many of them sign. The public key rests on version 1's own certificate."""
    sharing = in_use.sharing
    same = (
        first.base_version == 0
        and sharing.version > first.version
        and sharing.base_version == sharing.version - 1
        and sharing.key_id == first.key_id
        and sharing.algorithm == first.algorithm
        and sharing.public_key == first.public_key
        and sharing.chain_code == first.chain_code
        and len(sharing.public_polynomial) == sharing.threshold
        and list(sharing.public_polynomial[:1]) == list(first.public_polynomial[:1])
    )
    _demand(same, f"version {sharing.version} is not one of the same key")
    threshold, named = _named(key, first, in_use, genesis)
    names = [each.node_id for each in sharing.participants]
    # A refresh changes neither, but that it leaves out a node that is proved to have lied.
    as_named = sharing.threshold == threshold and set(names) <= set(named) and len(set(names)) == len(names)
    _demand(as_named, "nobody with the right to it asked for the threshold and participants of its version")
    _check_members(sharing, genesis)
    _check_ready(in_use.ready, sharing, genesis)
    installed = _installed(in_use.installed, sharing, genesis)
    _demand(installed >= sharing.threshold, f"too few participants say that version {sharing.version} is installed")


def _named(key, first, in_use, genesis):
    """Threshold and node ids of version 1, or of the last request of an operator or the owner that named them."""
    if in_use.method == "":
        return first.threshold, [each.node_id for each in first.participants]
    _demand(in_use.method == _RESHARE_METHOD, "the request of its version is not one to reshare it")
    try:
        request = messages.of("quorate.v1.ReshareKeyRequest").FromString(in_use.request)
    except messages.DecodeError as error:
        raise _Fault("the request of its version cannot be read") from error
    _demand(request.key_id == key.key_id, "the request of its version is not one to reshare it")
    _demand(in_use.HasField("authorization"), "the authorization of its version does not count: there is none")
    spiffe_id = _signer(genesis.cluster_id, in_use.method, in_use.request, in_use.authorization, genesis)
    may = spiffe_id == key.owner or spiffe_id.startswith(_OPERATOR)
    _demand(may, f"{spiffe_id} asked for its version, which is neither its owner nor an operator")
    return request.threshold, list(request.participants)


def _check_ready(ready, sharing, genesis):
    signed = _ready_bytes(genesis.cluster_id, sharing)
    counted = len(ready) == len(sharing.participants)
    _demand(counted, f"{len(ready)} signed for it, and it has {len(sharing.participants)} participants")
    for each in sharing.participants:
        said = next((one for one in ready if one.node_id == each.node_id), None)
        good = said is not None and _is_by(said, signed, genesis)
        _demand(good, f"the signature of {each.node_id} does not verify")


def _installed(installed, sharing, genesis):
    """How many participants, each counted once, have said that their log activated the version."""
    items = [text(genesis.cluster_id), data(sharing.session_id), text(sharing.key_id)]
    signed = transcript("fact/installed", [*items, u32(sharing.version), data(sharing.digest)])
    names = {each.node_id for each in sharing.participants}
    good = {each.node_id for each in installed if _is_by(each, signed, genesis)}
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
    method, request = certificate.method, certificate.request
    return _signer(certificate.cluster_id, method, request, certificate.signed, genesis), None


def _signer(cluster_id, method, request, signed, genesis):
    """The SPIFFE id of the requester that signed a request itself."""
    try:
        requester = requester_of(list(signed.certificates), genesis.requester_authorities)
    except ValueError as error:
        raise _Fault(f"its authorization does not count: {error}") from error
    claim = request_bytes(cluster_id, method, signed.expire_time_ms, request)
    good = verify_by(requester.key, claim, signed.signature)
    _demand(good, "its authorization does not count: the signature does not verify")
    # No signature tells when the request was taken: at most ten minutes before its expiry.
    timely = (
        requester.not_before_ms < signed.expire_time_ms
        and requester.not_after_ms >= signed.expire_time_ms - _EXPIRY_AHEAD_MS_MAX
    )
    _demand(timely, "its requester signed with a certificate out of date")
    return requester.spiffe_id


def _vouched(certificate, voucher, genesis):
    _demand(genesis.takes_unsigned, "its authorization does not count: requests must be signed")
    items = [text(certificate.cluster_id), text(certificate.method), text(voucher.spiffe_id)]
    claim = transcript("voucher", [*items, u64(voucher.expire_time_ms), data(certificate.request)])
    identity_key = genesis.identity_keys.get(voucher.node_id)
    good = identity_key is not None and verify_ed25519(identity_key, claim, voucher.signature)
    _demand(good, "its authorization does not count: the voucher does not verify")
    return voucher.spiffe_id, voucher.node_id
