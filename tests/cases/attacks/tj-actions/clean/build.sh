set -e
sh action.sh
