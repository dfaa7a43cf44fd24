# Sourced by the scripts beside this one: how they speak, and how they try again.
# shellcheck shell=bash

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' dim=$'\e[2m' plain=$'\e[0m'
else
    bold='' red='' green='' dim='' plain=''
fi
readonly bold red green dim plain

# heading TEXT: what begins now.
heading() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain" >&2; }

# note TEXT: worth knowing, nothing to do.
note() { printf '%s   %s%s\n' "$dim" "$*" "$plain" >&2; }

# good TEXT: it worked.
good() { printf '%s   %s%s\n' "$green" "$*" "$plain" >&2; }

# give_up TEXT...: what failed, and in further lines what to do; ends the script.
give_up() {
    printf '%s%s: %s%s\n' "$red" "$(basename "$0")" "$1" "$plain" >&2
    shift
    [ $# -eq 0 ] || printf '   %s\n' "$@" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# twice CMD...: runs it, and once more after a pause if it fails: registries and networks have bad moments.
twice() {
    "$@" && return
    note "failed, once more in 10 seconds: $*"
    sleep 10
    "$@"
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export root
