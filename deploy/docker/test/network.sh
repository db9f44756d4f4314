# Hosts of a test: network namespaces on one switch, in a namespace of its own. To be sourced; TEST names them apart from
# those of another run.
#
#   hosts NAME...    makes them, in order 10.74.0.1, 10.74.0.2, ...; `no_hosts` takes them away again
hosts() {
  ip netns add "$TEST"
  ip -n "$TEST" link add switch type bridge
  ip -n "$TEST" link set switch up
  local number=0 name
  for name in "$@"; do
    number=$((number + 1))
    ip netns add "$TEST-$name"
    ip -n "$TEST" link add "port$number" type veth peer name eth0 netns "$TEST-$name"
    ip -n "$TEST" link set "port$number" master switch up
    ip -n "$TEST-$name" link set lo up
    ip -n "$TEST-$name" address add "10.74.0.$number/24" dev eth0
    ip -n "$TEST-$name" link set eth0 up
  done
}
no_hosts() {
  local name
  for name in $(ip netns list | cut -d' ' -f1 | grep -E "^$TEST(-|\$)" || true); do ip netns del "$name"; done
}
