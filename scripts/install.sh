#!/usr/bin/env bash
# Installs what is missing: `install.sh run` for building and running, `bench` for a hub with a Postgres of its own as well,
# `lighthouse` for that and a browser, `test` for the tests.
# Given: Debian 12 or later, rustup with stable, node 20. Everything else comes from here, or is named in a message.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-run}

CARGO_LEPTOS=0.3.10
WASM_BINDGEN=$(sed -n 's/^wasm-bindgen = { version = "=\([0-9.]*\)".*/\1/p' app/Cargo.toml)
NPM_POSTGRES_VERSION=17.10.0-beta.17
CLAUDE_CODE=2.1.330

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null; }
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || has postgres || [ -x "${PG_BIN:-/nowhere}/postgres" ]; }
has_npm_postgres() { [ -x node_modules/$NPM_POSTGRES/native/bin/postgres ]; }

# --- prerequisites -----------------------------------------------------------------------------------------------
has cargo && has rustup || fail "Rust is missing: install rustup from https://rustup.rs with the stable toolchain."
has npm && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] 2>/dev/null || fail "Node.js 20 or later is missing (https://nodejs.org)."

NPM_POSTGRES=@embedded-postgres/linux-$(node -p process.arch)

# --- packages of the system --------------------------------------------------------------------------------------
packages=()
has cc || packages+=(build-essential)
has perl || packages+=(perl)
has pkg-config || packages+=(pkg-config)
[ -n "${DSN:-}" ] && [ "$purpose" = run ] || has_postgres || has_npm_postgres || packages+=(postgresql)
if [ "$purpose" = test ] || [ "$purpose" = lighthouse ]; then
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || packages+=(chromium)
fi
if [ "$purpose" = test ]; then
    has redis-server || packages+=(redis-server)
    # The console speaks Chinese, and a browser without a typeface for it shows boxes (fc-list is fontconfig's).
    has fc-list && [ -n "$(fc-list :lang=zh 2>/dev/null)" ] || packages+=(fontconfig fonts-droid-fallback)
    python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
fi

# The tests and the hub start servers of their own, so the packages' services are not started.
apt_install() {
    local policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.conf
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    if [ ! -e "$clusters" ]; then
        mkdir -p "${clusters%/*}"
        echo 'create_main_cluster = false' >"$clusters"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -qy --no-install-recommends "$@"
}

if [ ${#packages[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && has apt-get; then
        say "Installing ${packages[*]}"
        apt_install "${packages[@]}"
    else
        # Postgres also comes by npm, further down. For the rest somebody with more rights is needed.
        rest=()
        for package in "${packages[@]}"; do [ "$package" = postgresql ] || rest+=("$package"); done
        [ ${#rest[@]} = 0 ] || fail "Missing: ${rest[*]}. Install them first (sudo apt-get install ${packages[*]})."
    fi
fi

# --- packages of npm: Tailwind and wasm-opt for building, SDK and browser driver for testing ------------------------
if ! cmp -s package-lock.json node_modules/.switchyard-lock; then
    say "Installing packages of npm"
    npm ci
    cp package-lock.json node_modules/.switchyard-lock
fi
if [ "$purpose" != run ] || [ -z "${DSN:-}" ]; then
    if ! has_postgres && ! has_npm_postgres; then
        say "Installing Postgres by npm"
        npm install --no-save --no-package-lock "$NPM_POSTGRES@$NPM_POSTGRES_VERSION"
        (cd "node_modules/$NPM_POSTGRES" && node scripts/hydrate-symlinks.js)
    fi
fi
# Large, and only the tests run it: not among the packages that building needs. Its executable is a package of its own,
# so the version of node that the wrapper around it wants does not matter.
if [ "$purpose" = test ] && [ "$(cat .tools/claude-code/version 2>/dev/null)" != $CLAUDE_CODE ]; then
    say "Installing the Claude Code CLI $CLAUDE_CODE (some 370 MB, once)"
    rm -rf .tools/claude-code
    mkdir -p .tools/claude-code
    npm install --prefix .tools/claude-code --ignore-scripts --no-save --no-package-lock --no-fund --no-audit \
        --loglevel error "@anthropic-ai/claude-code@$CLAUDE_CODE"
    echo $CLAUDE_CODE >.tools/claude-code/version
fi

# --- Rust ----------------------------------------------------------------------------------------------------------
# cargo-leptos never asks for the target. Its own profile (one unit, LTO) would take more than twice the time.
rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
for component in rustfmt clippy; do
    rustup component list --installed | grep -q "^$component" || rustup component add "$component"
done

# cargo_tool <crate> <version> <options…>: into .tools, so that nobody's own version is replaced.
cargo_tool() {
    local crate=$1 version=$2 scratch
    say "Building $crate $version (a few minutes, once)"
    scratch=$(mktemp -d)
    CARGO_TARGET_DIR=$scratch CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install "$crate" --version "$version" --root .tools --force "${@:3}" || { rm -rf "$scratch"; exit 1; }
    rm -rf "$scratch"
}
[ "$(cargo leptos --version 2>/dev/null)" = "cargo-leptos $CARGO_LEPTOS" ] || cargo_tool cargo-leptos "$CARGO_LEPTOS" --locked
# Without --locked: its lock names a version that may have been withdrawn.
[ "$(wasm-bindgen --version 2>/dev/null)" = "wasm-bindgen $WASM_BINDGEN" ] || cargo_tool wasm-bindgen-cli "$WASM_BINDGEN"
cargo fetch --locked --quiet

# --- Python: the SDK that the tests run ------------------------------------------------------------------------------
if [ "$purpose" = test ] && ! cmp -s end2end/requirements.txt .venv/switchyard-requirements; then
    say "Installing packages of Python"
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check -r end2end/requirements.txt
    cp end2end/requirements.txt .venv/switchyard-requirements
fi
