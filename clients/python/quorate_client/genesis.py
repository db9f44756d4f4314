"""The client's own ``cluster.json``: what it knows of the cluster without asking a node."""

import hashlib
import json
import re

from .errors import QuorateError

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


class Genesis:
    """Cluster id, identity keys of the members, authorities of requesters.

    ``identity_keys``: node id to Ed25519 public key, 32 bytes. ``voters``: ids of the nodes that hold shares, sorted.
    """

    def __init__(self, content):
        """``content``: the bytes of the file. Raises QuorateError ``invalid-request`` when it is none."""
        try:
            file = json.loads(content)
            members = file["members"]
            self.identity_keys = {each["node_id"]: bytes.fromhex(each["identity_key"]) for each in members}
            self.voters = sorted((each["node_id"] for each in members if each["role"] == "tee"), key=str.encode)
            self.requester_authorities = _PEM.findall(file["requester_ca"])
            self.takes_unsigned = file["unsigned"] is True
            form = file["format"]
        except (ValueError, KeyError, TypeError) as error:
            raise QuorateError("invalid-request", f"The cluster file cannot be read: {error}") from error
        if form != 1:
            raise QuorateError("unsupported", f"The cluster file is of form {form}, which this release lacks")
        self.cluster_id = hashlib.sha256(content).hexdigest()[:32]
