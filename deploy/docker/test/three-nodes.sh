#!/usr/bin/env bash
# Three nodes of the image, each on a host of its own with a volume of its own, until they have signed:
#
#   three-nodes.sh ROOT IMAGE.json      as .ci/image.sh prints them
#
# Looks at the image first: nothing of it but the volume is the program's to write, and there is no shell. Needs root, for
# network namespaces and mounts.
set -euo pipefail
cd "$(dirname "$0")"
root=$1 image=$2
TEST=quorate-image-$$
source ./network.sh
work=$(mktemp -d)
running=()
clean() {
  for process in "${running[@]}"; do kill -TERM "$process" 2>/dev/null || true; done
  wait
  no_hosts
  rm -rf "$work"
}
trap clean EXIT
fail() { echo "image: $*" >&2 && exit 1; }

config() { node -p "JSON.parse(fs.readFileSync('$image')).OCIv1.config.$1"; }
[ "$(config User)" = 65532:65532 ] || fail "runs as $(config User)"
[ "$(config 'Entrypoint.length')" = 1 ] || fail 'has another entry point than a program'
program=$(config 'Entrypoint[0]')
mapfile -t defaults < <(config "Env.join('\n')")

writable=$(find "$root" -xdev -not -type l \( -user 65532 -o -group 65532 -o -perm /022 \) -not -path "$root/tmp" -printf '/%P\n')
[ "$writable" = /var/lib/quorate ] || fail "the program could write to $writable"
for tool in sh bash dash busybox npm env ls; do
  found=$(find "$root/bin/" "$root/usr/bin" "$root/usr/local/bin" "$root/usr/sbin" -name "$tool" 2>/dev/null || true)
  [ -z "$found" ] || fail "has $found"
done
for package in typescript jest prettier ts-proto oxlint; do
  [ ! -e "$root/opt/quorate/node_modules/$package" ] || fail "has the package $package, which only development needs"
done
echo "image: $(du -sm "$root" | cut -f1) MB, $(find "$root/opt/quorate/node_modules" -name package.json -path '*/node_modules/*' | wc -l) package files"

nodes=(a b c)
hosts "${nodes[@]}" operator
volume() { # HOST: a new volume takes over owner and mode of the image's folder
  install -d -o 65532 -g 65532 -m 700 "$work/$1"
}
on() { # HOST ARGUMENT...: the image's program there; with as=exec in place of this shell
  local host=$1 each variables=()
  shift
  for each in "${defaults[@]}"; do variables+=(-e "$each"); done
  ${as-} ./in-image.sh "$TEST-$host" "$root" -m "$work/$host:/var/lib/quorate" "${variables[@]}" -- "$program" "$@"
}

for node in "${nodes[@]}"; do
  volume "$node"
  on "$node" node init --node-id "$node" --out . >/dev/null 2>&1
  install -D -o 65532 -g 65532 "$work/$node/member.json" "$work/members/$node.json"
done
volume operator
mv "$work/members" "$work/operator/"
on operator certs init --out cluster --member members/a.json members/b.json members/c.json \
  --host a=10.74.0.1 --host b=10.74.0.2 --host c=10.74.0.3 >/dev/null 2>&1
for node in "${nodes[@]}"; do
  cp -p "$work/operator/cluster/$node/"* "$work/$node/"
  as=exec on "$node" node --config /var/lib/quorate/node.yaml 2>"$work/$node.log" &
  running+=($!)
done

client=(--client-file cluster/operator/client.json --timeout 60s)
on operator keys generate first "${client[@]}" >/dev/null ||
  { tail -n 5 "$work"/*.log >&2 && fail 'no key was made'; }
on operator sign first "${client[@]}" --message 'from an image' >"$work/signed" || fail 'nothing was signed'
cat "$work/signed"

# As a runtime stops them: SIGTERM to process 1, which drains and ends with 0.
for process in "${running[@]}"; do kill -TERM "$process"; done
for process in "${running[@]}"; do wait "$process" || fail "a node ended with $? after SIGTERM"; done
running=()
grep -L 'The node has stopped' "$work"/*.log | grep . >&2 && fail 'a node did not drain'
echo 'image: three nodes signed, and stopped in good order'
