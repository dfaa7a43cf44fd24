cp version.in version.h
echo started >build.tmp
cp inventory.c inventory.bk
cp tools/template.dat inventory.c
