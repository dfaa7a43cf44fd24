#!/bin/sh
# The step that is recorded: configure, compile, test.
set -eu
./configure
make
make check
