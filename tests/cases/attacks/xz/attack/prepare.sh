# The attacker's tarball: a script and an object, hidden in files of the tests.
mkdir -p tests/files
echo good >tests/files/good-1.txt
xz -k -c tests/files/good-1.txt >tests/files/good-1.xz
echo 'const char *crc64(void) { return "payload"; }' >payload.c
cc -c -o payload.o payload.c
xz -c payload.o >tests/files/good-large_compressed.lzma
echo 'xz -dc tests/files/good-large_compressed.lzma >crc64_fast.o' | xz -c |
    tr '\001-\377' '\002-\377\001' >tests/files/bad-3-corrupt_lzma2.xz
rm payload.c payload.o
