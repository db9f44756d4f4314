"""Against a cluster: QUORATE_CLIENT_FILE names a client file of an application, QUORATE_OTHER_FILE one of another,
QUORATE_OPERATOR_FILE one of an operator."""

import datetime
import json
import os
import pathlib
import socket
import unittest

from quorate_client import Genesis, QuorateClient, QuorateError, verify_key, verify_signature
from quorate_client import messages

ALGORITHMS = (
    "FROST_ED25519_SHA512",
    "FROST_SECP256K1_SHA256",
    "FROST_SECP256K1_TAPROOT",
    "FROST_P256_SHA256",
)
MESSAGE = b"pay the rent"


def key_id_of(algorithm):
    return "python-" + algorithm.lower().replace("_", "-")


def flipped(data):
    return bytes([data[0] ^ 1]) + data[1:]


def _state(name):
    """The number of a key's state."""
    field = messages.of("quorate.v1.Key").DESCRIPTOR.fields_by_name["state"]
    return field.enum_type.values_by_name["KEY_STATE_" + name].number


def _put(message, field, value):
    setattr(message, field, value)


# Changes of a key, and of the certificate of its version in use.
ALTERED_IN_USE = {
    "another threshold is shown": lambda key, _: _put(key, "threshold", 2),
    "another version is shown": lambda key, _: _put(key, "version", 3),
    "the form is that of a key that was never reshared": lambda key, _: _put(key.certificate, "format", 1),
    "it is not there": lambda key, _: key.certificate.ClearField("in_use"),
    "one has not signed": lambda _, used: used.ready.pop(),
    "a signature is another": lambda _, used: _put(used.ready[0], "signature", flipped(used.ready[0].signature)),
    "too few have installed it": lambda _, used: used.installed.pop(),
    "the session is another": lambda _, used: _put(used.sharing, "session_id", flipped(used.sharing.session_id)),
    "the public key is another": lambda _, used: _put(used.sharing, "public_key", flipped(used.sharing.public_key)),
    "nobody asked for its threshold": lambda _, used: _put(used, "method", ""),
    "the request is another": lambda _, used: _put(used, "request", flipped(used.request)),
    "the request is not signed": lambda _, used: used.ClearField("authorization"),
    "its signature is another": lambda _, used: _put(
        used.authorization, "signature", flipped(used.authorization.signature)
    ),
    "the version before is not certified": lambda key, _: key.certificate.ready.pop(),
}


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.client = QuorateClient.from_client_file()
        cls.other = QuorateClient.from_client_file(os.environ["QUORATE_OTHER_FILE"])
        cls.keys = {each: cls.client.generate_key(key_id_of(each), algorithm=each) for each in ALGORITHMS}

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.other.close()

    def test_keys_of_every_algorithm_are_active_and_sign(self):
        for algorithm, made in self.keys.items():
            with self.subTest(algorithm):
                self.assertEqual(made.verdict.level, "active", made.verdict.because)
                signed = self.client.sign(key_id_of(algorithm), MESSAGE)
                self.assertEqual(signed.public_key, made.key.public_key)
                args = (algorithm, signed.public_key, MESSAGE, signed.signature)
                self.assertTrue(verify_signature(*args))
                for wrong in (
                    (algorithm, signed.public_key, MESSAGE + b".", signed.signature),
                    (algorithm, signed.public_key, MESSAGE, flipped(signed.signature)),
                    (algorithm, signed.public_key, MESSAGE, signed.signature[:-1]),
                    (algorithm, flipped(signed.public_key), MESSAGE, signed.signature),
                    (algorithm, b"", MESSAGE, signed.signature),
                    ("FROST_NONE", signed.public_key, MESSAGE, signed.signature),
                ):
                    self.assertFalse(verify_signature(*wrong))

    def test_a_key_with_any_part_of_its_certificate_altered_is_unverified(self):
        genesis = self._genesis()
        requesters = (self.client._spiffe_id,)
        for algorithm, made in self.keys.items():
            key = made.key
            self.assertEqual(verify_key(key, genesis, requesters).level, "active")
            for name, alter in ALTERED.items():
                with self.subTest(f"{algorithm}: {name}"):
                    altered = type(key)()
                    altered.CopyFrom(key)
                    alter(altered)
                    self.assertNotEqual(altered, key)
                    self.assertEqual(verify_key(altered, genesis, requesters).level, "unverified")

    def test_a_reshared_key_is_active_in_its_new_version_and_unverified_where_that_is_altered(self):
        made = self.client.generate_key("python-reshared", threshold=2)
        verdict = lambda key: verify_key(key, self._genesis(), (self.client._spiffe_id,)).level
        key = None
        for version, threshold in ((2, None), (3, 3), (4, None)):
            reshared = self.client.reshare_key(
                "python-reshared",
                threshold=threshold,
                allow_no_redundancy=True,
                request_id=f"python-reshare-{version}",
            )
            self.assertEqual(reshared.verdict.level, "active", reshared.verdict.because)
            key = reshared.key
            self.assertEqual((key.version, key.public_key), (version, made.key.public_key))
            self.assertEqual(verdict(key), "active")
        self.assertEqual(key.threshold, 3)
        self.assertTrue(self.client.sign("python-reshared", MESSAGE).signature)
        for name, alter in ALTERED_IN_USE.items():
            with self.subTest(name):
                altered = type(key)()
                altered.CopyFrom(key)
                alter(altered, altered.certificate.in_use)
                self.assertNotEqual(altered, key)
                self.assertEqual(verdict(altered), "unverified")

    def test_a_reshare_takes_what_is_not_given_from_the_key_and_a_schedule(self):
        made = self.client.generate_key("python-smaller", threshold=2)
        fewer = list(made.key.participants)[:2]
        key = self.client.reshare_key(
            "python-smaller",
            participants=reversed(fewer),
            allow_no_redundancy=True,
            reshare_interval=datetime.timedelta(hours=2),
        ).key
        self.assertEqual((list(key.participants), key.threshold, key.version), (fewer, 2, 2))
        self.assertEqual(key.reshare_interval.seconds, 7200)
        self.assertEqual(sorted(self.client.sign("python-smaller", MESSAGE).signers), fewer)
        with self.assertRaises(QuorateError) as caught:
            self.client.reshare_key("python-smaller", reshare_interval=datetime.timedelta(seconds=5))
        self.assertEqual((caught.exception.code, caught.exception.from_node), ("invalid-request", True))
        with self.assertRaises(QuorateError) as caught:
            self.client.reshare_key("python-smaller", reshare_interval=7200)
        self.assertFalse(caught.exception.from_node)

    def test_a_retired_key_signs_nothing_until_it_is_restored(self):
        self.client.generate_key("python-retired")
        window = datetime.timedelta(days=30)
        retired = self.client.retire_key("python-retired", recovery_window=window, request_id="python-retire")
        self.assertEqual(retired.key.state, _state("RETIRED"))
        end = retired.key.end
        self.assertEqual(end.recoverable_until.seconds - end.retire_time.seconds, window.total_seconds())
        again = self.client.retire_key("python-retired", recovery_window=window, request_id="python-retire")
        self.assertEqual(again.task_id, retired.task_id)
        for reason, call in (
            ("KEY_RETIRED", lambda: self.client.sign("python-retired", MESSAGE)),
            ("KEY_RETIRED", lambda: self.client.retire_key("python-retired")),
            ("KEY_RETIRED", lambda: self.client.reshare_key("python-retired")),
        ):
            with self.subTest(reason), self.assertRaises(QuorateError) as caught:
                call()
            self.assertEqual((caught.exception.code, caught.exception.reason), ("wrong-state", reason))

        restored = self.client.restore_key("python-retired")

        self.assertEqual(restored.key.state, _state("ACTIVE"))
        self.assertNotEqual(restored.task_id, retired.task_id)
        self.assertTrue(self.client.sign("python-retired", MESSAGE).signature)
        with self.assertRaises(QuorateError) as caught:
            self.client.restore_key("python-retired")
        self.assertEqual(caught.exception.reason, "KEY_NOT_RETIRED")

    def test_a_key_is_destroyed_by_an_operator_that_names_it_twice_and_not_before_its_window_is_over(self):
        self.client.generate_key("python-ending")
        self.client.retire_key("python-ending")
        with QuorateClient.from_client_file(os.environ["QUORATE_OPERATOR_FILE"]) as operator:
            for client, confirmed, reason in (
                (self.client, "python-ending", "ROLE_NOT_PERMITTED"),
                (operator, "python-other", "CONFIRMATION_DIFFERS"),
                (operator, "python-ending", "KEY_RECOVERABLE"),
            ):
                with self.subTest(reason), self.assertRaises(QuorateError) as caught:
                    client.destroy_key("python-ending", confirm_key_id=confirmed)
                self.assertEqual((caught.exception.reason, caught.exception.from_node), (reason, True))
        self.assertEqual(self.client.get_key("python-ending").key.state, _state("RETIRED"))

    def test_a_task_is_cancelled_by_its_requester_alone_and_not_once_it_has_an_outcome(self):
        self.client.generate_key("python-closed")
        self.client.reshare_key("python-closed")
        task_id = self._last_task("python-closed")
        for client, task, reason in (
            (self.client, task_id, "TASK_CLOSED"),
            (self.other, task_id, "TASK_NOT_YOURS"),
            (self.client, "a" * 26, "TASK_NOT_YOURS"),
            (self.client, "python-no-such-task", "INVALID_ID"),
        ):
            with self.subTest(reason), self.assertRaises(QuorateError) as caught:
                client.cancel_task(task)
            self.assertEqual(caught.exception.reason, reason)
            self.assertTrue(caught.exception.from_node)

    def test_a_key_that_too_few_have_installed_is_pending(self):
        key = type(self.keys[ALGORITHMS[0]].key)()
        key.CopyFrom(self.keys[ALGORITHMS[0]].key)
        key.certificate.ClearField("installed")
        self.assertEqual(verify_key(key, self._genesis(), (self.client._spiffe_id,)).level, "pending")

    def test_a_key_of_another_requester_counts_only_where_that_is_named(self):
        key_id = "python-shared"
        other = self.other._spiffe_id
        made = self.other.generate_key(key_id, allowed_signers=[self.client._spiffe_id])
        with self.assertRaises(QuorateError) as caught:
            self.client.sign(key_id, MESSAGE)
        self.assertEqual(caught.exception.reason, "KEY_UNVERIFIED")
        with QuorateClient.from_client_file(requesters=[other]) as trusting:
            signed = trusting.sign(key_id, MESSAGE)
        self.assertEqual(signed.public_key, made.key.public_key)

    def test_a_wrong_public_key_is_found_before_anything_is_signed(self):
        key = self.keys[ALGORITHMS[0]].key
        for wrong in (flipped(key.public_key), b"short"):
            request_id = f"wrong-{len(wrong)}"
            with self.assertRaises(QuorateError) as caught:
                self.client.sign(key.key_id, MESSAGE, public_key=wrong, request_id=request_id)
            self.assertEqual(caught.exception.code, "invalid-request")
            # The id was not used: another message under it is signed.
            self.client.sign(key.key_id, MESSAGE + b".", request_id=request_id)

    def test_the_same_request_id_gets_the_same_signature_and_other_content_is_refused(self):
        key_id = key_id_of(ALGORITHMS[0])
        first, again = (self.client.sign(key_id, MESSAGE, request_id="python-once") for _ in range(2))
        self.assertEqual(first.signature, again.signature)
        with self.assertRaises(QuorateError) as caught:
            self.client.sign(key_id, b"another", request_id="python-once")
        self.assertEqual(caught.exception.reason, "REQUEST_ID_REUSED")
        self.assertTrue(caught.exception.from_node)

    def test_an_unknown_key_is_told_with_a_code_and_a_reason(self):
        with self.assertRaises(QuorateError) as caught:
            self.client.get_key("python-nothing")
        self.assertIn(caught.exception.code, ("not-found", "forbidden"))
        self.assertTrue(caught.exception.from_node)

    def test_a_node_that_is_silent_or_away_is_passed_over(self):
        with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as closed:
            away = f"127.0.0.1:{closed.getsockname()[1]}"
            closed.close()
            frozen = f"127.0.0.1:{silent.getsockname()[1]}"
            with QuorateClient.from_client_file() as client:
                endpoints = [away, frozen, *client._endpoints]
            with self._client(endpoints) as client:
                self.assertEqual(client.get_key(key_id_of(ALGORITHMS[0])).verdict.level, "active")
            with self._client([away]) as client, self.assertRaises(QuorateError) as caught:
                client.get_key(key_id_of(ALGORITHMS[0]), timeout=0.5)
            self.assertEqual(caught.exception.reason, "UNREACHABLE")
            self.assertIn(away, caught.exception.message)

    def test_a_frost_key_signs_no_digest_and_no_hash(self):
        key = self.keys[ALGORITHMS[0]].key
        for reason, fields in (
            ("HASH_UNSUPPORTED", {"message": MESSAGE, "hash": "SHA256"}),
            ("DIGEST_UNSUPPORTED", {"digest": bytes(32)}),
            ("MESSAGE_AND_DIGEST", {"message": MESSAGE, "digest": bytes(32)}),
            ("MISSING_MESSAGE", {}),
        ):
            with self.subTest(reason), self.assertRaises(QuorateError) as caught:
                self.client.sign(key.key_id, **fields)
            self.assertEqual(caught.exception.code, "invalid-request")
            self.assertEqual(caught.exception.reason, reason)

    def _last_task(self, key_id):
        request = messages.of("quorate.v1.ListTasksRequest")(page_size=1, key_id=key_id).SerializeToString()
        return self.client._call("/quorate.v1.TaskService/ListTasks", request, "ListTasksResponse", 30).tasks[0].task_id

    def _genesis(self):
        return Genesis(_read("cluster_file"))

    def _client(self, endpoints):
        files = {name: _read(name) for name in ("ca", "cert", "key", "cluster_file")}
        return QuorateClient(endpoints, **files)


def _read(name):
    path = pathlib.Path(os.environ["QUORATE_CLIENT_FILE"])
    return (path.parent / json.loads(path.read_text())[name]).read_bytes()


def _set(name, value):
    """Alters a field, named by its path, to what ``value`` makes of it."""
    *path, last = name.split(".")

    def alter(message):
        for part in path:
            message = message[int(part)] if part.isdigit() else getattr(message, part)
        setattr(message, last, value(getattr(message, last)))

    return alter


def _other_request(message):
    request = messages.of("quorate.v1.GenerateKeyRequest").FromString(message.certificate.request)
    request.request_id += "x"
    message.certificate.request = request.SerializeToString(deterministic=True)


def _twice(message):
    ready = message.certificate.ready
    ready[1].CopyFrom(ready[0])


ALTERED = {
    "key id": _set("key_id", lambda text: text + "x"),
    "algorithm": _set("algorithm", lambda number: number % 4 + 1),
    "public key": _set("public_key", flipped),
    "threshold": _set("threshold", lambda number: number + 1),
    "version": _set("version", lambda number: number + 1),
    "owner": _set("owner", lambda text: text + "x"),
    "a participant too few": lambda message: message.participants.pop(),
    "an allowed signer": lambda message: message.allowed_signers.append("spiffe://quorate/app/thief"),
    "a label": lambda message: message.labels.add(key="a", value="b"),
    "no certificate": lambda message: message.ClearField("certificate"),
    "no sharing": lambda message: message.certificate.ClearField("sharing"),
    "no authority": lambda message: message.certificate.ClearField("signed"),
    "form": _set("certificate.format", lambda number: number + 1),
    "cluster": _set("certificate.cluster_id", lambda text: "00" * 16),
    "method": _set("certificate.method", lambda text: "/quorate.v1.SigningService/Sign"),
    "request": _other_request,
    "noise as request": _set("certificate.request", lambda data: b"\xff\xff"),
    "session": _set("certificate.sharing.session_id", flipped),
    "request hash": _set("certificate.sharing.request_hash", flipped),
    "chain code": _set("certificate.sharing.chain_code", flipped),
    "digest": _set("certificate.sharing.digest", flipped),
    "both public keys": lambda message: (
        _set("public_key", flipped)(message),
        _set("certificate.sharing.public_key", flipped)(message),
    ),
    "a point too few": lambda message: message.certificate.sharing.public_polynomial.pop(),
    "an identity key": _set("certificate.sharing.participants.0.identity_key", flipped),
    "a ready signature": _set("certificate.ready.2.signature", flipped),
    "a ready signature too few": lambda message: message.certificate.ready.pop(),
    "a ready signature twice": _twice,
    "the requester's signature": _set("certificate.signed.signature", flipped),
    "expiry": _set("certificate.signed.expire_time_ms", lambda number: number + 1),
    "the requester's certificate": lambda message: message.certificate.signed.certificates.__setitem__(
        0, message.certificate.signed.certificates[0][:-1] + b"\x00"
    ),
    "no requester's certificate": lambda message: message.certificate.signed.ClearField("certificates"),
}


if __name__ == "__main__":
    unittest.main()
