#!/usr/bin/env bash
# Every check and every test, without asking any registry. The last line counts them.
set -uo pipefail
cd "$(dirname "$0")/.."
export CARGO_NET_OFFLINE=true
# A site of its own: a hub that runs from this folder keeps its files.
export LEPTOS_SITE_ROOT=target/test-site SITE_ROOT=target/test-site

passed=0 failed=0 broken=()
log=$(mktemp) troubles=$(mktemp)
trap 'rm -f "$log" "$troubles"' EXIT

# step <name> <command…>: one check that passes or fails as a whole.
step() {
    local started=$SECONDS
    printf '\n\033[1m== %s\033[0m\n' "$1"
    if "${@:2}"; then passed=$((passed + 1)); else failed=$((failed + 1)) broken+=("$1"); fi
    printf -- '-- %s: %d s\n' "$1" $((SECONDS - started))
}

# tests <name> <command…>: a command that reports its own tests as `N passed; M failed`, as libtest does.
tests() {
    local started=$SECONDS status=0 good bad
    printf '\n\033[1m== %s\033[0m\n' "$1"
    "${@:2}" 2>&1 | tee "$log" || status=$?
    good=$(grep -oE '[0-9]+ passed;' "$log" | awk '{ n += $1 } END { print n + 0 }')
    bad=$(grep -oE '[0-9]+ failed;' "$log" | awk '{ n += $1 } END { print n + 0 }')
    # A command that failed without a failed test did not get as far as its tests.
    if [ "$status" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
    passed=$((passed + good)) failed=$((failed + bad))
    if [ "$bad" != 0 ]; then
        broken+=("$1")
        # What failed is told again at the end, where it is found: libtest's own account, and the browser's lines.
        awk '/^failures:$/ { told = 1 } /^test result/ { told = 0 } told || /^FAIL / || /^     at / ' "$log" >> "$troubles"
    fi
    printf -- '-- %s: %d s\n' "$1" $((SECONDS - started))
}

step 'format' cargo fmt --all --check
step 'lints, server' cargo clippy --workspace --features app/ssr --all-targets -- -D warnings
step 'lints, browser' cargo clippy --package app --lib --features hydrate --target wasm32-unknown-unknown \
    --target-dir target/front -- -D warnings
step 'build' cargo leptos build --split
step 'site' node scripts/site.mjs "$LEPTOS_SITE_ROOT" "${CARGO_TARGET_DIR:-target}/debug/hash.txt"
# The tests wait more than they compute.
export RUST_TEST_THREADS=6
tests 'rust' cargo test --workspace --features app/ssr --no-fail-fast
tests 'browser' node end2end/run.mjs

head -n 300 "$troubles"
printf '\n%d s\n' "$SECONDS"
[ ${#broken[@]} = 0 ] || printf 'failed: %s\n' "${broken[@]}"
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
