"""Client of a Quorate cluster: signs requests, verifies signatures and key certificates.

``QuorateClient.from_client_file()`` is where to begin.
"""

from .client import ChangedKey, JudgedKey, QuorateClient, Signature
from .errors import QuorateError
from .genesis import Genesis
from .key_certificate import Verdict, verify_key
from .signatures import verify_digest, verify_signature

__all__ = [
    "ChangedKey",
    "Genesis",
    "JudgedKey",
    "QuorateClient",
    "QuorateError",
    "Signature",
    "Verdict",
    "verify_digest",
    "verify_key",
    "verify_signature",
]
