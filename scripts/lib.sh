# Sourced by the scripts beside it.

# A Rust that was installed a moment ago is not in the shell's path yet.
[ -d "${CARGO_HOME:-${HOME:-/}/.cargo}/bin" ] && PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
export PATH

have() { command -v "$1" >/dev/null 2>&1; }
say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() {
    printf '\033[1mcannot go on:\033[0m %s\n' "$*" >&2
    exit 1
}

# Runs a step, and says what it is and how long it took.
step() {
    local title=$1 began=$SECONDS
    shift
    say "$title"
    "$@" || die "$title: failed after $((SECONDS - began)) s. Alone: $(quoted "$@")"
    say "$title: done in $((SECONDS - began)) s"
}

quoted() { printf '%q ' "$@"; }
