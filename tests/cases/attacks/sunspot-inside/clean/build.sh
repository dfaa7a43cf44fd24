set -e
sh tools/prepare.sh
cc -c -o inventory.o inventory.c
sh tools/conclude.sh
cc -o app inventory.o
./app >self-test.txt
