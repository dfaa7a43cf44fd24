/* The plainest step: makes the directory canary, or the name given. Used as a program to be executed by others. */
#include "tracee.h"
int main(int argc, char **argv) {
    if (argc > 1 && mkdir(in(argv[1], argc > 2 ? argv[2] : "canary"), 0755)) die("mkdir");
    return 0;
}
