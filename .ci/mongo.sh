#!/usr/bin/env bash
# A server that speaks MongoDB's protocol, for the tests: FerretDB over SQLite, built once from .ci/mongo-server (Apache-2.0) into a
# cache outside the checkout. Prints where the program is; nothing is downloaded or built where it is there already.
set -euo pipefail
cd "$(dirname "$0")/mongo-server"
sum=$(cat go.mod go.sum main.go | sha256sum | cut -c1-16)
program="${XDG_CACHE_HOME:-$HOME/.cache}/quorate/mongo-server-$sum"
if [ ! -x "$program" ]; then
  mkdir -p "$(dirname "$program")"
  CGO_ENABLED=0 GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -o "$program.$$" .
  mv "$program.$$" "$program"
fi
echo "$program"
