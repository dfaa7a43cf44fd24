#!/bin/sh
# The step that is recorded: install from a local folder (its postinstall runs), then bundle. No registry, no audit, no look for a
# newer npm: the build makes no connection.
set -eu
export npm_config_offline=true npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
npm install --foreground-scripts --loglevel=error
npm run --silent build
