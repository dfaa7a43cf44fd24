#!/bin/sh
# The step that is recorded: a wheel of pure Python, made by the backend in backend/. No index, no network.
set -eu
make wheel PYTHON="${PYTHON:-python3}"
