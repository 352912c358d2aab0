# Brings a machine that has Rust to where domreel builds and renders. Source it, then call
#   prepare [cargo's profile options]
# Installs what is missing, which takes root or sudo on Linux; says what to do where it cannot.

say() { printf '%s\n' "$*" >&2; }

# Runs a command as root, or says that it cannot.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "This needs root, and there is no sudo here. Have somebody run as root: $*"
        return 1
    fi
}

prepare() {
    [ -z "${DOMREEL_PREPARED:-}" ] || return 0
    if ! command -v cargo >/dev/null; then
        [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ] && PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH" && export PATH
    fi
    if ! command -v cargo >/dev/null; then
        say "Rust is missing: install it from https://rustup.rs and run this again."
        return 1
    fi
    if ! command -v cc >/dev/null && ! command -v gcc >/dev/null && ! command -v clang >/dev/null; then
        if command -v apt-get >/dev/null; then
            say "Installing a C compiler, whose linker Rust needs."
            as_root apt-get update && as_root apt-get install -y --no-install-recommends gcc libc6-dev
        else
            say "A C compiler is missing (Rust uses its linker): install gcc or clang and run this again."
            return 1
        fi
    fi
    # Chromium's sandbox does not work for root. What is drawn here is this project's own.
    if [ "$(id -u)" = 0 ]; then
        DOMREEL_NO_SANDBOX="${DOMREEL_NO_SANDBOX:-1}"
        export DOMREEL_NO_SANDBOX
    fi
    cargo build "$@"
    # Without the right to install, what is there may still do: fonts for all scripts are not needed.
    cargo run "$@" --quiet -- doctor --install || cargo run "$@" --quiet -- doctor --quiet
    DOMREEL_PREPARED=1
    export DOMREEL_PREPARED
}

# Installs what only tests want, where that can be done: PostgreSQL (the tests start one of their
# own, on a free port), libfaketime for clocks that are wrong, strace for the order of writes.
# Without them these tests say that they are skipped.
prepare_tests() {
    command -v apt-get >/dev/null || return 0
    wanted=
    command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || wanted="$wanted postgresql"
    ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || wanted="$wanted faketime"
    command -v strace >/dev/null || wanted="$wanted strace"
    [ -n "$wanted" ] || return 0
    say "Installing for the tests:$wanted"
    # shellcheck disable=SC2086 # one word a package
    { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $wanted; } >&2 ||
        say "Some tests are going to be skipped."
}
