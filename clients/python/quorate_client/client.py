"""A cluster, to an application in Python."""

import datetime
import json
import os
import pathlib
import random
import re
import ssl
import time
import uuid

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from . import messages
from .errors import QuorateError, error_of
from .genesis import Genesis
from .key_certificate import algorithm_name, verify_key
from .digests import DIGEST_BYTES, HASHES
from .signatures import signs_digests, verify_digest, verify_signature
from .transcript import request_bytes

_KEYS = "/quorate.v1.KeyService/"
_SIGNING = "/quorate.v1.SigningService/"
_TASKS = "/quorate.v1.TaskService/"

# How long one node may be silent before the next one is sent the same bytes, in seconds.
_SILENCE_S = {"GenerateKey": 30.0, "ReshareKey": 30.0}
_SILENCE_S_DEFAULT = 5.0
_PAUSE_S = 0.1
_PAUSE_S_MAX = 1.0
_KEY_PAUSE_S = 1.0
# A minute less than the cluster takes, for clocks that differ.
_LIFETIME_S_MAX = 9 * 60
# A node that lies about the time must not get a signature that is good for years.
_CLOCK_CORRECTION_MS_MAX = 60 * 60 * 1000
_ANSWER_BYTES_MAX = 4 * 1024 * 1024
_REMEMBERED_KEYS_MAX = 1024


class JudgedKey:
    """``key``: the ``quorate.v1.Key`` message. ``verdict``: what its certificate proves, a Verdict."""

    def __init__(self, key, verdict):
        self.key = key
        self.verdict = verdict


class ChangedKey:
    """``key``: the ``quorate.v1.Key`` message as a node shows it after the change. ``task_id``: the task of the change.

    ``key`` is None where a key is destroyed and a node has not confirmed in time: ``get_task`` shows which.
    """

    def __init__(self, key, task_id):
        self.key = key
        self.task_id = task_id


class Signature:
    """``signature`` has been verified under ``public_key``; ``signers`` and ``task_id`` are what a node says.

    ``recovery_id``: of an ECDSA signature, verified too; None of others.
    """

    def __init__(self, signature, public_key, signers, task_id, recovery_id=None):
        self.signature = signature
        self.public_key = public_key
        self.signers = signers
        self.task_id = task_id
        self.recovery_id = recovery_id


class QuorateClient:
    """Signs its requests, asks another node where one does not answer, returns no signature that does not verify.

    All methods raise QuorateError. ``timeout`` is in seconds, for all attempts together. A request id makes a call
    idempotent: the same id with the same content gets the same outcome. May be shared between threads.
    """

    def __init__(self, endpoints, ca, cert, key, cluster_file, requesters=(), require="active"):
        """
        ``endpoints``: ``host:port`` of nodes' client ports. ``ca``, ``cert``, ``key``: PEM, bytes.
        ``cluster_file``: the bytes of ``cluster.json``.
        ``requesters``: SPIFFE ids of others whose keys are as good as the caller's own.
        ``require``: the least that a key's verdict must be for a signature by it to be returned.
        """
        if not endpoints:
            raise QuorateError("invalid-request", "A client needs at least one endpoint")
        self._genesis = Genesis(cluster_file)
        self._require = require
        self._chain = _der_chain(cert)
        self._key = _private_key(key)
        own = _own_spiffe_id(self._chain[0])
        self._spiffe_id = own
        self._requesters = (own, *requesters)
        credentials = grpc.ssl_channel_credentials(ca, key, cert)
        options = [("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", _ANSWER_BYTES_MAX)]
        self._channels = [grpc.secure_channel(each, credentials, options) for each in endpoints]
        self._endpoints = list(endpoints)
        self._current = 0
        self._ahead_ms = 0
        self._trusted = {}

    @classmethod
    def from_client_file(cls, path=None, **options):
        """By a ``client.json``, as ``quorate certs`` makes one: that at ``path``, or that of ``QUORATE_CLIENT_FILE``.

        The paths in the file are relative to its folder. ``options`` are those of the constructor.
        """
        path = path or os.environ.get("QUORATE_CLIENT_FILE")
        if path is None:
            raise QuorateError("invalid-request", "Name a client file, or set QUORATE_CLIENT_FILE")
        path = pathlib.Path(path)
        try:
            settings = json.loads(path.read_text())
            read = {name: (path.parent / settings[name]).read_bytes() for name in ("ca", "cert", "key", "cluster_file")}
            endpoints = settings["endpoints"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise QuorateError("invalid-request", f"The client file {path} cannot be used: {error}") from error
        options.setdefault("requesters", settings.get("requesters", ()))
        return cls(endpoints, **read, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for channel in self._channels:
            channel.close()

    def generate_key(
        self,
        key_id,
        algorithm="FROST_ED25519_SHA512",
        threshold=None,
        participants=None,
        labels=None,
        allowed_signers=(),
        allow_no_redundancy=False,
        request_id=None,
        timeout=60.0,
        gg20_profile=None,
    ):
        """A new key, as a JudgedKey. ``labels``: a dict. Unless given, all voters take part and a majority signs.

        ``gg20_profile``: of a GG20 key, ``P3072`` (unless given) or ``P2048``. The first such key of a set of
        participants waits for their moduli: many seconds, with P3072 minutes.

        Raises ``deadline`` KEY_NOT_READY, with the task's id in the facts, when it takes longer than the call may.
        """
        participants = sorted(participants or self._genesis.voters, key=str.encode)
        message = messages.of("quorate.v1.GenerateKeyRequest")
        number = _number_of(message, "algorithm", "ALGORITHM_", algorithm)
        profile = 0 if gg20_profile is None else _number_of(message, "gg20_profile", "GG20_PROFILE_", gg20_profile)
        request = message(
            request_id=request_id or str(uuid.uuid4()),
            key_id=key_id,
            algorithm=number,
            gg20_profile=profile,
            threshold=threshold or len(participants) // 2 + 1,
            participants=participants,
            labels=[{"key": name, "value": value} for name, value in sorted((labels or {}).items())],
            allow_no_redundancy=allow_no_redundancy,
            allowed_signers=allowed_signers,
        ).SerializeToString(deterministic=True)
        answer = self._when_ready("GenerateKey", request, key_id, timeout)
        return JudgedKey(answer.key, self._judge(answer.key, asked=request))

    def reshare_key(
        self,
        key_id,
        threshold=None,
        participants=None,
        allow_no_redundancy=False,
        reshare_interval=None,
        request_id=None,
        timeout=60.0,
    ):
        """Shares a key anew, as a JudgedKey of its next version: the public key stays. An operator may, and its owner.

        ``threshold``, ``participants``: as now unless given. ``reshare_interval``: a timedelta, of an hour to a year,
        from one refresh to the next; timedelta(0) for none by itself; as it is unless given.

        Raises ``deadline`` KEY_NOT_READY, with the task's id in the facts, when it takes longer than the call may.
        """
        until = time.monotonic() + timeout
        if (threshold is None) != (participants is None):
            # Both are in the request or neither, so that it proves both to whoever reads the key.
            shown = self.get_key(key_id, timeout=timeout).key
            threshold = shown.threshold if threshold is None else threshold
            participants = shown.participants if participants is None else participants
        interval = {} if reshare_interval is None else {"reshare_interval": _duration_of(reshare_interval)}
        request = messages.of("quorate.v1.ReshareKeyRequest")(
            request_id=request_id or str(uuid.uuid4()),
            key_id=key_id,
            threshold=threshold or 0,
            participants=sorted(participants or [], key=str.encode),
            allow_no_redundancy=allow_no_redundancy,
            **interval,
        ).SerializeToString(deterministic=True)
        key = self._when_ready("ReshareKey", request, key_id, until - time.monotonic()).key
        if key.key_id != key_id or key.version < 2:
            raise _wrong_answer(f"no later version of {key_id}")
        return JudgedKey(key, self._judge(key))

    def retire_key(self, key_id, recovery_window=None, request_id=None, timeout=30.0):
        """Takes a key out of use: it signs nothing until it is restored. An operator may, and the key's owner.

        ``recovery_window``: a timedelta, of a minute to 365 days, 7 days unless given; for so long nobody can have the
        key destroyed. Returns a ChangedKey. Raises ``wrong-state`` KEY_RETIRED when it is retired already.
        """
        window = {} if recovery_window is None else {"recovery_window": _duration_of(recovery_window)}
        return self._change_key("RetireKey", key_id, request_id, timeout, **window)

    def restore_key(self, key_id, request_id=None, timeout=30.0):
        """Puts a retired key back in use, as a ChangedKey. An operator may, and the key's owner.

        Raises ``wrong-state`` KEY_NOT_RETIRED when it is in use.
        """
        return self._change_key("RestoreKey", key_id, request_id, timeout)

    def destroy_key(self, key_id, confirm_key_id, request_id=None, timeout=30.0):
        """Has every node that may hold a share of a retired key erase it, for good, once the recovery window is over.

        An operator may. ``confirm_key_id``: the same id once more, so that a program that names one key and means
        another is stopped. Returns a ChangedKey, without the key where a node had not confirmed in time.
        Raises ``wrong-state`` KEY_RECOVERABLE before the window is over.
        """
        return self._change_key("DestroyKey", key_id, request_id, timeout, confirm_key_id=confirm_key_id)

    def get_key(self, key_id, public_key=None, timeout=30.0):
        """A key with the verdict on it. ``public_key``: where the caller knows it from elsewhere."""
        request = messages.of("quorate.v1.GetKeyRequest")(key_id=key_id).SerializeToString()
        key = self._call(_KEYS + "GetKey", request, "GetKeyResponse", timeout).key
        if key.key_id != key_id:
            raise _wrong_answer(f"another key than {key_id}")
        return JudgedKey(key, self._judge(key, public_key=public_key))

    def sign(
        self,
        key_id,
        message=None,
        public_key=None,
        algorithm=None,
        request_id=None,
        timeout=30.0,
        hash=None,
        digest=None,
    ):
        """A signature over ``message`` (bytes), as a Signature.

        ``hash``: for an ECDSA key, which hash every node makes of the message: ``SHA256`` (unless given), ``KECCAK256``
        (Ethereum) or ``DOUBLE_SHA256`` (Bitcoin). ``digest``: for an ECDSA key in the place of a message, the 32 bytes
        that a hash has made; no signer can see what it signs then.
        ``public_key`` and ``algorithm``: what it must verify under, where the caller knows it; else the key whose
        certificate has been verified. Raises ``protocol-abort`` KEY_UNVERIFIED, before anything is signed, when that
        proves less than is required.
        """
        until = time.monotonic() + timeout
        if public_key is None:
            algorithm, public_key = self._trusted_key(key_id, timeout)
        else:
            shown = self.get_key(key_id, timeout=timeout).key
            if shown.public_key != public_key:
                words = f"The public key given is not that of {key_id}; nothing was signed"
                raise QuorateError("invalid-request", words, "PUBLIC_KEY_MISMATCH")
            algorithm = algorithm or algorithm_name(shown)
        payload, check = _payload_of(algorithm, message, hash, digest)
        request = messages.of("quorate.v1.SignRequest")(
            request_id=request_id or str(uuid.uuid4()), key_id=key_id, **payload
        ).SerializeToString(deterministic=True)
        left = until - time.monotonic()
        answer = self._mutate(_SIGNING + "Sign", request, "SignResponse", left, left)
        recovery_id = answer.recovery_id if answer.HasField("recovery_id") else None
        if not check(public_key, answer.signature, recovery_id):
            raise _wrong_answer(f"a signature that does not verify under {key_id}")
        return Signature(answer.signature, public_key, list(answer.signers), answer.task_id, recovery_id)

    def get_task(self, task_id, timeout=30.0):
        """The ``quorate.v1.Task`` message, as one node reports it."""
        request = messages.of("quorate.v1.GetTaskRequest")(task_id=task_id).SerializeToString()
        return self._call(_TASKS + "GetTask", request, "GetTaskResponse", timeout).task

    def cancel_task(self, task_id, request_id=None, timeout=30.0):
        """Ends an open task that makes a key or a version of one. Its requester may, and operators.

        Returns the id of the task that ended it. Raises ``wrong-state`` TASK_CLOSED when it has an outcome already.
        """
        request = messages.of("quorate.v1.CancelTaskRequest")(
            request_id=request_id or str(uuid.uuid4()), task_id=task_id
        ).SerializeToString(deterministic=True)
        return self._mutate(_TASKS + "CancelTask", request, "CancelTaskResponse", timeout, timeout).task_id

    def _when_ready(self, name, request, key_id, timeout):
        """The answer with the key in it. A node answers within two minutes, and an ECDSA key may take longer."""
        until = time.monotonic() + timeout
        while True:
            left = until - time.monotonic()
            answer = self._mutate(_KEYS + name, request, name + "Response", left, _LIFETIME_S_MAX)
            if answer.HasField("key"):
                return answer
            if until - time.monotonic() <= _KEY_PAUSE_S:
                facts = {"task_id": answer.task_id}
                words = f"Key {key_id} is not ready yet"
                raise QuorateError("deadline", words, "KEY_NOT_READY", facts, from_node=True)
            # The same request is asked again, so it is the same key.
            time.sleep(_KEY_PAUSE_S)

    def _change_key(self, name, key_id, request_id, timeout, **fields):
        request = messages.of(f"quorate.v1.{name}Request")(
            request_id=request_id or str(uuid.uuid4()), key_id=key_id, **fields
        ).SerializeToString(deterministic=True)
        answer = self._mutate(_KEYS + name, request, name + "Response", timeout, timeout)
        if answer.key.key_id != key_id and (answer.HasField("key") or name != "DestroyKey"):
            raise _wrong_answer(f"another key than {key_id}")
        return ChangedKey(answer.key if answer.HasField("key") else None, answer.task_id)

    def _trusted_key(self, key_id, timeout):
        if key_id not in self._trusted:
            judged = self.get_key(key_id, timeout=timeout)
            verdict = judged.verdict
            if not verdict.reaches(self._require):
                words = f"Key {key_id} is {verdict.level}, and nothing is signed with it: {verdict.because}"
                facts = {"verdict": verdict.level, "because": verdict.because}
                raise QuorateError("protocol-abort", words, "KEY_UNVERIFIED", facts)
            if len(self._trusted) >= _REMEMBERED_KEYS_MAX:
                self._trusted.clear()
            # A key's public key never changes.
            self._trusted[key_id] = (algorithm_name(judged.key), judged.key.public_key)
        return self._trusted[key_id]

    def _judge(self, key, asked=None, public_key=None):
        requesters = self._requesters if asked is None else (self._spiffe_id,)
        return verify_key(key, self._genesis, requesters, asked, public_key)

    def _mutate(self, method, request, answer, timeout, lifetime):
        """A call that its requester signs: the nodes get the same bytes with the same signature however often."""
        try:
            return self._call(method, request, answer, timeout, self._signed(method, request, lifetime))
        except QuorateError as error:
            ahead_ms = _clock_ahead(error)
            if ahead_ms is None:
                raise
            # Once: a second refusal is not about this machine's clock.
            self._ahead_ms = ahead_ms
            return self._call(method, request, answer, timeout, self._signed(method, request, lifetime))

    def _signed(self, method, request, lifetime):
        expiry_ms = int((time.time() + min(lifetime, _LIFETIME_S_MAX)) * 1000) + self._ahead_ms
        claim = request_bytes(self._genesis.cluster_id, method, expiry_ms, request)
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            signature = self._key.sign(claim)
        else:
            signature = self._key.sign(claim, ec.ECDSA(hashes.SHA256()))
        return [
            ("quorate-signature-bin", signature),
            ("quorate-certificate-bin", b"".join(self._chain)),
            ("quorate-expiry", str(expiry_ms)),
        ]

    def _call(self, method, request, answer, timeout, metadata=()):
        until = time.monotonic() + timeout
        silence = _SILENCE_S.get(method.rsplit("/", 1)[1], _SILENCE_S_DEFAULT)
        said, refusals, pause = None, {}, _PAUSE_S
        while True:
            at = self._current
            left = until - time.monotonic()
            try:
                return self._ask(at, method, request, answer, max(min(left, silence), 0.001), metadata)
            except QuorateError as error:
                # Nothing was done: the node has too much to do, and says when to come again.
                if error.code == "overloaded" and (error.retry_after or left) < left:
                    # Somewhat later, so that clients that were refused together do not come together.
                    later = min(error.retry_after / 2, left - error.retry_after) * random.random()
                    time.sleep(error.retry_after + later)
                    continue
                silent = error.code == "deadline" and not error.from_node
                if not silent and error.code not in ("no-quorum", "not-leader"):
                    raise
                refusals[self._endpoints[at]] = error.message
                said = error if error.from_node else said
                if self._current == at:
                    self._current = (at + 1) % len(self._channels)
            if len(refusals) == len(self._channels):
                time.sleep(max(min(pause, until - time.monotonic()), 0))
                pause = min(pause * 2, _PAUSE_S_MAX)
            if time.monotonic() >= until:
                # What a node said last tells more than that another one could not be reached.
                raise said or _no_answer(refusals)

    def _ask(self, at, method, request, answer, timeout, metadata):
        decode = messages.of("quorate.v1." + answer).FromString
        # The bytes that were signed are the bytes that are sent.
        send = self._channels[at].unary_unary(method, lambda data: data, decode)
        try:
            return send(request, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            raise error_of(error) from error


def _payload_of(algorithm, message, hash, digest):
    """The fields of a SignRequest, and the check of (public key, signature, recovery id) of its answer.

    Raises ``invalid-request`` with the reasons of the cluster.
    """
    if message is not None and digest is not None:
        raise _invalid("MESSAGE_AND_DIGEST", "Give a message or its digest, not both")
    if message is None and digest is None:
        raise _invalid("MISSING_MESSAGE", "Give a message, which may be empty, or for an ECDSA key a digest")
    if not signs_digests(algorithm):
        if digest is not None:
            raise _invalid("DIGEST_UNSUPPORTED", f"A key of {algorithm} signs messages, and no digests")
        if hash is not None:
            raise _invalid("HASH_UNSUPPORTED", f"A key of {algorithm} signs the message itself")
        return {"message": message}, lambda key, signature, recovery_id: (
            recovery_id is None and verify_signature(algorithm, key, message, signature)
        )
    if digest is not None:
        if hash is not None:
            raise _invalid("HASH_WITH_DIGEST", "A hash goes with a message: a digest is what a hash has made already")
        if len(digest) != DIGEST_BYTES:
            raise _invalid("INVALID_DIGEST", f"A digest has {DIGEST_BYTES} bytes, not {len(digest)}")
        fields, signed = {"digest": digest}, digest
    else:
        hash = hash or "SHA256"
        if hash not in HASHES:
            raise _invalid("UNKNOWN_HASH", f"There is no hash {hash}; there are {', '.join(HASHES)}")
        number = _number_of(messages.of("quorate.v1.SignRequest"), "hash", "HASH_", hash)
        fields, signed = {"message": message, "hash": number}, HASHES[hash](message)
    return fields, lambda key, signature, recovery_id: (
        recovery_id is not None and verify_digest(algorithm, key, signed, signature, recovery_id)
    )


def _duration_of(delta):
    """Whole seconds, as a ``google.protobuf.Duration`` is given to a field. The cluster says which are taken."""
    if not isinstance(delta, datetime.timedelta):
        raise QuorateError("invalid-request", f"A timedelta is needed, not {type(delta).__name__}")
    return {"seconds": delta // datetime.timedelta(seconds=1)}


def _number_of(message, field, prefix, name):
    """The number of an enum's value by its short name."""
    value = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_name.get(prefix + name)
    if value is None or value.number == 0:
        raise QuorateError("invalid-request", f"There is no {field} {name}")
    return value.number


def _invalid(reason, words):
    return QuorateError("invalid-request", words, reason)


def _wrong_answer(what):
    return QuorateError("protocol-abort", f"The node answered with {what}", "RESULT_INVALID")


def _no_answer(refusals):
    words = "; ".join(f"{endpoint}: {message}" for endpoint, message in refusals.items())
    return QuorateError("no-quorum", f"No node answered: {words}", "UNREACHABLE")


def _clock_ahead(error):
    """How far the cluster's clock is ahead, by a refusal for expiry; None for every other failure."""
    shown = error.facts.get("time_ms", "")
    if error.reason not in ("REQUEST_EXPIRED", "EXPIRY_TOO_FAR") or not re.fullmatch(r"[0-9]{1,15}", shown):
        return None
    ahead_ms = int(shown) - int(time.time() * 1000)
    return ahead_ms if abs(ahead_ms) <= _CLOCK_CORRECTION_MS_MAX else None


def _der_chain(pem):
    blocks = re.findall(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", pem.decode("ascii", "replace"))
    if not blocks:
        raise QuorateError("invalid-request", "The certificate is not PEM", "INVALID_CREDENTIALS")
    return [ssl.PEM_cert_to_DER_cert(block) for block in blocks]


def _private_key(pem):
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise QuorateError(
            "invalid-request", "The private key cannot be read: it must be PEM and not encrypted", "INVALID_CREDENTIALS"
        ) from error
    p256 = isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)
    if not p256 and not isinstance(key, ed25519.Ed25519PrivateKey):
        raise QuorateError(
            "invalid-request", "Requests are signed with Ed25519 or P-256; the key is of another kind",
            "SIGNING_KEY_UNSUPPORTED",
        )
    return key


def _own_spiffe_id(der):
    """The name in the caller's certificate; of a certificate that has ended, or not begun, says so."""
    certificate = x509.load_der_x509_certificate(der)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1:
        raise QuorateError("invalid-request", "The certificate does not name one SPIFFE id", "INVALID_CREDENTIALS")
    ended, begins = certificate.not_valid_after, certificate.not_valid_before
    now = _now()
    if now > ended or now < begins:
        words = f"ended on {ended} UTC" if now > ended else f"is not valid before {begins} UTC"
        raise QuorateError("unauthenticated", f"The certificate of {uris[0]} {words}", "CERTIFICATE_OUT_OF_DATE")
    return uris[0]


def _now():
    # Without its zone, as the library gives the times of certificates.
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
