#!/usr/bin/env bash
# Prometheus' promtool for the tests of the alert rules, as Debian packages it: unpacked once into a cache outside the checkout,
# without installing the service. Prints its path; where the package cannot be fetched it says so, and those tests are skipped.
set -euo pipefail
if command -v promtool; then exit 0; fi
folder="${XDG_CACHE_HOME:-$HOME/.cache}/quorate/promtool"
if [ ! -x "$folder/usr/bin/promtool" ]; then
  as_root=(env DEBIAN_FRONTEND=noninteractive)
  if [ "$(id -u)" != 0 ]; then as_root=(sudo -n "${as_root[@]}"); fi
  fresh=$(mktemp -d)
  trap 'rm -rf "$fresh"' EXIT
  "${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=120 update >&2 || true
  if (cd "$fresh" && apt-get -qq download prometheus >&2); then
    mkdir -p "$folder"
    dpkg-deb --extract "$fresh"/prometheus_*.deb "$folder"
  fi
fi
if [ -x "$folder/usr/bin/promtool" ]; then
  echo "$folder/usr/bin/promtool"
else
  echo 'the package prometheus cannot be fetched: the alert rules are not tried' >&2
fi
