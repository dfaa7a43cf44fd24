set -e
sh configure
make -s
./app >self-test.txt
xz -dc tests/files/good-1.xz | cmp - tests/files/good-1.txt
