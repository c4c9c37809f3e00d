#!/usr/bin/env bash
# Holds the licences and sources of all dependencies to deny.toml, with cargo-deny (installed under target/ if it is missing).
set -euo pipefail
cd "$(dirname "$0")/.."
deny=$(command -v cargo-deny || echo target/tools/bin/cargo-deny)
[ -x "$deny" ] || cargo install cargo-deny --version 0.20.2 --locked --root target/tools
"$deny" check licenses bans sources
