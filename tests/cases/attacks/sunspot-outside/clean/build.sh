set -e
cc -MM -MF inventory.d inventory.c
sleep 0.6 # other work
cc -c -o inventory.o inventory.c
sleep 0.6
cc -o app inventory.o
./app >self-test.txt
