#!/usr/bin/env bash
# Runs a program in the root file system of the image as a container's runtime would: in a network namespace that is there
# already, with mounts and processes of its own, the root read-only, no privileges to be gained, as 65532:65532.
#
#   in-image.sh NAMESPACE ROOT [-m SOURCE:TARGET[:ro]]... [-e NAME=VALUE]... -- PROGRAM ARGUMENT...
#
# SIGTERM reaches the program, and its exit status is this script's.
set -euo pipefail
namespace=$1 root=$2
shift 2
mounts=() environment=()
while [ "$1" != -- ]; do
  case $1 in
    -m) mounts+=("$2") ;;
    -e) environment+=("$2") ;;
    *) echo "in-image.sh: what is $1?" >&2 && exit 2 ;;
  esac
  shift 2
done
shift
# As a runtime makes them before the root is read-only.
for each in "${mounts[@]}"; do
  source=${each%%:*} target=${each#*:}
  target=$root${target%:ro}
  if [ -d "$source" ]; then mkdir -p "$target"; else mkdir -p "$(dirname "$target")" && touch "$target"; fi
done

# In mounts and processes of its own. shellcheck disable=SC2016
inside='
  root=$1 count=$2 variables=$3
  shift 3
  mount --bind "$root" "$root"
  mount -o remount,bind,ro "$root"
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
  while [ "$count" -gt 0 ]; do
    source=${1%%:*} target=${1#*:}
    mount --bind "$source" "$root${target%:ro}"
    case $target in *:ro) mount -o remount,bind,ro "$root${target%:ro}" ;; esac
    shift
    count=$((count - 1))
  done
  exec env -i "${@:1:variables}" /usr/bin/unshare --root="$root" --wd=/var/lib/quorate --setgid 65532 --setuid 65532 \
    "${@:variables + 1}"
'
ip netns exec "$namespace" setpriv --no-new-privs \
  unshare --mount --pid --ipc --uts --fork --kill-child=SIGKILL \
  bash -euc "$inside" inside "$root" "${#mounts[@]}" "${#environment[@]}" "${mounts[@]}" "${environment[@]}" "$@" &
outer=$!
trap 'kill -TERM $(cat /proc/$outer/task/$outer/children) 2>/dev/null || true' TERM INT
# The first wait ends with a signal, the next one with the program.
wait "$outer" && status=0 || status=$?
while kill -0 "$outer" 2>/dev/null; do wait "$outer" && status=0 || status=$?; done
exit "$status"
