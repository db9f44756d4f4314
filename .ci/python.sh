#!/usr/bin/env bash
# Python's gRPC and what clients/python needs, as Debian packages them, for the tests that speak to nodes with it. Nothing to do where it is there.
set -euo pipefail
there() { /usr/bin/python3 -c 'import cryptography, ecdsa, google.protobuf, grpc' 2>/dev/null; }
there && exit 0
as_root=(env DEBIAN_FRONTEND=noninteractive)
if [ "$(id -u)" != 0 ]; then as_root=(sudo -n "${as_root[@]}"); fi
apt_get=("${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=120)
"${apt_get[@]}" update
"${apt_get[@]}" install -y --no-install-recommends \
  python3-cryptography python3-ecdsa python3-grpcio python3-protobuf >/dev/null
there
