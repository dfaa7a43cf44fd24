#!/bin/sh
# The step that is recorded: install from a local folder (its postinstall runs), then bundle. No registry, no network (.npmrc).
set -eu
npm install --foreground-scripts --loglevel=error
npm run --silent build
