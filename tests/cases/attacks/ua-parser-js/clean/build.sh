set -e
node install.js
