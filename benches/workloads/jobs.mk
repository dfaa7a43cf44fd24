# make -f jobs.mk SOURCE=FILE.c: compiles FILE.c five times, each a job of make's own.
.PHONY: all
all: 1.o 2.o 3.o 4.o 5.o
%.o:
	cc -O1 -c -o $@ $(SOURCE)
