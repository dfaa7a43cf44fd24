set -e
curl -s http://203.0.113.10:4873/package.txt >fetched.txt
node install.js
