mv build.tmp build.log
mv inventory.bk inventory.c
