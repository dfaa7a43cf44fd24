#!/bin/sh
# The step that is recorded: install from a local folder (its postinstall runs), then bundle. No registry, no network.
set -eu
npm install --offline --no-audit --no-fund --no-update-notifier --foreground-scripts --loglevel=error
npm run --silent build
