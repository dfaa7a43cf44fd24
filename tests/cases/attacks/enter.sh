#!/bin/sh
# enter.sh CASE KIND LOG CMD ARG...: in a network namespace of its own, starts whoever is outside of the step, runs the
# command in the current directory, and ends them all. KIND is clean or attack; only an attack has somebody outside.
case=$1 kind=$2 log=$3
shift 3
here=$(dirname "$0")
ip link set lo up || exit 77
# Addresses for documentation (RFC 5737): .10 is a server that the build uses, .7 the attacker's. The last is a cloud's.
for address in 203.0.113.10 203.0.113.7 169.254.169.254; do
    ip addr add "$address/32" dev lo || exit 77
done
: >"$log"
python3 "$here/attacker.py" "$log" "${log%/*}/served" &
others=$!
n=0
until grep -q ready "$log"; do
    n=$((n + 1))
    [ "$n" -lt 100 ] || exit 77
    sleep 0.1
done
if [ "$kind" = attack ] && [ -f "$here/$case/outside.sh" ]; then
    sh "$here/$case/outside.sh" &
    others="$others $!"
    sleep 0.3
fi
"$@"
status=$?
# shellcheck disable=SC2086
kill $others 2>/dev/null
exit $status
