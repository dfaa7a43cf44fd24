# The maintainer's tree: a compressed file that the tests read.
mkdir -p tests/files
echo good >tests/files/good-1.txt
xz -k -c tests/files/good-1.txt >tests/files/good-1.xz
