#!/bin/sh
# The step that is recorded: one release build, no network.
set -eu
cargo build --release --offline --locked
