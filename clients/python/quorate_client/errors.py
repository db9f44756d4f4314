"""The one kind of error that the client raises."""

import re

from . import messages

# The codes of docs/errors.md by gRPC status; a node's reason decides between the codes that share one.
_CODES = {
    "INVALID_ARGUMENT": "invalid-request",
    "UNAUTHENTICATED": "unauthenticated",
    "PERMISSION_DENIED": "forbidden",
    "NOT_FOUND": "not-found",
    "ALREADY_EXISTS": "already-exists",
    "FAILED_PRECONDITION": "wrong-state",
    "UNAVAILABLE": "no-quorum",
    "RESOURCE_EXHAUSTED": "overloaded",
    "ABORTED": "protocol-abort",
    "DEADLINE_EXCEEDED": "deadline",
    "CANCELLED": "cancelled",
    "DATA_LOSS": "data-loss",
    "UNIMPLEMENTED": "unsupported",
}
_CODES_BY_REASON = {"NOT_LEADER": "not-leader", "SUPERSEDED": "superseded"}
_RETRYABLE = ("no-quorum", "not-leader", "overloaded")
_DETAILS = "grpc-status-details-bin"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


class QuorateError(Exception):
    """A call failed. ``code`` and ``reason`` are stable, ``message`` is for people, ``facts`` say more.

    ``retryable``: the same call, with the same request id, may be made again as it is.
    ``retry_after``: when to come again, in seconds, where a node said so; else None.
    ``from_node``: a node said so. Otherwise the connection failed, or the client found the fault itself.
    """

    def __init__(self, code, message, reason=None, facts=None, from_node=False, retry_after=None):
        # A node's text is shown to people, so it must not be able to move a terminal's cursor.
        self.message = _CONTROL.sub("?", message)
        super().__init__(self.message)
        self.code = code
        self.reason = reason or code.upper().replace("-", "_")
        self.facts = dict(facts or {})
        self.retryable = code in _RETRYABLE
        self.from_node = from_node
        self.retry_after = retry_after


def error_of(rpc_error):
    """The QuorateError of a ``grpc.RpcError``, with the reason and the facts that a node gave."""
    status = rpc_error.code().name
    code = _CODES.get(status, "internal")
    details = dict(rpc_error.trailing_metadata() or ()).get(_DETAILS)
    info, retry = _details_in(details) if details else (None, None)
    if info is None:
        return QuorateError(code, rpc_error.details() or status, "UNREACHABLE" if code == "no-quorum" else None)
    code = _CODES_BY_REASON.get(info.reason, code)
    after = None if retry is None else retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
    return QuorateError(code, rpc_error.details(), info.reason, dict(info.metadata), True, after)


def _details_in(details):
    """ErrorInfo and RetryInfo of a status, each None where it is not there or cannot be read."""
    found = {}
    try:
        for each in messages.of("google.rpc.Status").FromString(details).details:
            name = each.type_url.rsplit("/", 1)[-1]
            if name in ("google.rpc.ErrorInfo", "google.rpc.RetryInfo"):
                found[name] = messages.of(name).FromString(each.value)
    except messages.DecodeError:
        pass
    return found.get("google.rpc.ErrorInfo"), found.get("google.rpc.RetryInfo")
