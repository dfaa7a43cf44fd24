#!/bin/sh
# enter.sh outside|inside SEKISHO-COMMAND... -- CLIENT...: in a network and a mount namespace made for it, with a name server on loopback.
#   outside   the server runs before the recorder, as a real one does
#   inside    the step brings its own
set -eu
here=$(dirname "$0")
where=$1
shift
ip link set lo up || exit 77
printf 'nameserver 127.0.0.1\n' >resolv.conf
printf 'hosts: files dns\n' >nsswitch.conf
mount --bind resolv.conf /etc/resolv.conf || exit 77
mount --bind nsswitch.conf /etc/nsswitch.conf || exit 77
serve() {
    mkfifo ready
    python3 "$here/server.py" >ready &
    read -r _ <ready
}
if [ "$where" = outside ]; then
    serve
    status=0
    "$@" || status=$?
    kill $!
    exit "$status"
fi
exec "$@"
