#!/usr/bin/env bash
# Kubernetes' own schemas and cert-manager's, for the test of the manifests: packages of npm, in a cache outside the checkout.
# Prints their folder; nothing is installed where it is there already.
set -euo pipefail
folder="${XDG_CACHE_HOME:-$HOME/.cache}/quorate/kubernetes-models-4.5.1-4.4.4"
if [ ! -e "$folder/done" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  echo '{"private":true}' >"$folder/package.json"
  (cd "$folder" && npm install --ignore-scripts --no-audit --no-fund --silent \
    kubernetes-models@4.5.1 @kubernetes-models/cert-manager@4.4.4) >&2
  touch "$folder/done"
fi
echo "$folder/node_modules"
