/* The interpreter of binfmt.c: its argv[1] is the file, argv[2] the directory. */
#include "tracee.h"
int main(int argc, char **argv) {
    canary(argv[2]);
    return 0;
}
