set -e
python3 -S -c 'import triton; print(triton.version)' >version.txt
