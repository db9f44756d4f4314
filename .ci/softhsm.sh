#!/usr/bin/env bash
# An HSM in software for the tests: Debian's softhsm2, and the package pkcs11js, compiled once into a cache outside the
# checkout. Prints the folder that NODE_PATH is to name. Where npm finds no headers of Node.js to compile with, it says so
# and prints nothing, and the test of the HSM is skipped with its reason.
set -euo pipefail
if [ ! -e /usr/lib/softhsm/libsofthsm2.so ]; then
  as_root=(env DEBIAN_FRONTEND=noninteractive)
  if [ "$(id -u)" != 0 ]; then as_root=(sudo -n "${as_root[@]}"); fi
  apt_get=("${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=120)
  "${apt_get[@]}" update
  "${apt_get[@]}" install -y --no-install-recommends softhsm2 >/dev/null
fi
folder="${XDG_CACHE_HOME:-$HOME/.cache}/quorate/pkcs11js-2.1.7-$(node -p process.versions.modules)"
if [ ! -e "$folder/node_modules/pkcs11js/build/Release/pkcs11.node" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  echo '{"private":true}' >"$folder/package.json"
  (cd "$folder" && npm install --no-audit --no-fund --foreground-scripts pkcs11js@2.1.7) >&2 || true
fi
if [ -e "$folder/node_modules/pkcs11js/build/Release/pkcs11.node" ]; then
  echo "$folder/node_modules"
else
  echo 'pkcs11js does not compile here: the HSM is not tried' >&2
fi
