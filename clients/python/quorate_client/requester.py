"""Requesters' certificates: whose request it was (certs/README.md, the profile)."""

import datetime
import re

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

_SPIFFE = re.compile(r"spiffe://quorate/(app|operator)/[a-z0-9][a-z0-9_-]{0,62}")
_CERTIFICATES_MAX = 3
_CHAIN_BYTES_MAX = 4096
_READ = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.ExtendedKeyUsage,
    x509.SubjectAlternativeName,
    x509.SubjectKeyIdentifier,
    x509.AuthorityKeyIdentifier,
)
# Python 3.9 with older releases of cryptography has no way to ask for times with a zone.
_UTC = datetime.timezone.utc


class Requester:
    """``spiffe_id``; ``key``; and from when to when its whole chain is good, in milliseconds since 1970."""

    def __init__(self, spiffe_id, key, not_before_ms, not_after_ms):
        self.spiffe_id = spiffe_id
        self.key = key
        self.not_before_ms = not_before_ms
        self.not_after_ms = not_after_ms


def requester_of(certificates, authorities):
    """The requester that a chain names. ``certificates``: DER, leaf first. ``authorities``: PEM.

    Raises ValueError, with the broken rule, for a chain that does not count.
    """
    if not 1 <= len(certificates) <= _CERTIFICATES_MAX:
        raise ValueError(f"a chain has 1 to {_CERTIFICATES_MAX} certificates")
    if sum(map(len, certificates)) > _CHAIN_BYTES_MAX:
        raise ValueError(f"a chain has at most {_CHAIN_BYTES_MAX} bytes")
    try:
        chain = [x509.load_der_x509_certificate(each) for each in certificates]
        anchors = [x509.load_pem_x509_certificate(each.encode()) for each in authorities]
        return _requester(chain, anchors)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error


def _requester(chain, anchors):
    leaf, *above = chain
    _check_leaf(leaf)
    for below, issuer in enumerate(above):
        if not _issued(issuer, chain[below], below):
            raise ValueError(f"certificate {below + 1} is not issued by the next one")
    last = chain[-1]
    anchor = next((each for each in anchors if each == last or _issued(each, last, len(chain) - 1)), None)
    if anchor is None:
        raise ValueError("no authority of the cluster file has issued it")
    whole = [*chain, anchor]
    return Requester(
        _spiffe_id(leaf),
        _key(leaf),
        max(_ms(each.not_valid_before) for each in whole),
        min(_ms(each.not_valid_after) for each in whole),
    )


def verify_by(key, data, signature):
    """Whether a requester's signature verifies: Ed25519, or ECDSA on P-256 with SHA-256 in DER."""
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _issued(issuer, issued, below):
    """Whether ``issuer``, an authority with ``below`` others under it, has issued this. RFC 5280, section 6.1."""
    constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = issuer.extensions.get_extension_for_class(x509.KeyUsage)
    may = (
        constraints.critical
        and constraints.value.ca
        and (constraints.value.path_length is None or constraints.value.path_length >= below)
        and usage.critical
        and usage.value.key_cert_sign
        and issuer.subject == issued.issuer
    )
    return may and verify_by(_key(issuer), issued.tbs_certificate_bytes, issued.signature)


def _check_leaf(leaf):
    for each in leaf.extensions:
        if each.critical and not isinstance(each.value, _READ):
            raise ValueError("the first certificate has a critical extension that is not known")
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    if not usage.critical or not usage.value.digital_signature or usage.value.key_cert_sign:
        raise ValueError("the first certificate is not for signatures alone")
    try:
        if leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            raise ValueError("the first certificate is an authority's")
    except x509.ExtensionNotFound:
        pass


def _spiffe_id(leaf):
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or not _SPIFFE.fullmatch(uris[0]):
        raise ValueError("the first certificate does not name one requester")
    return uris[0]


def _key(certificate):
    key = certificate.public_key()
    p256 = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    if not p256 and not isinstance(key, ed25519.Ed25519PublicKey):
        raise ValueError("a key is neither P-256 nor Ed25519")
    return key


def _ms(moment):
    return int(moment.replace(tzinfo=_UTC).timestamp() * 1000)
