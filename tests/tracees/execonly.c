/* B12: a program that may be executed but not read hides its memory too. */
#include "tracee.h"
int main(int argc, char **argv) {
    char *copy = in(argv[1], "mk");
    copy_file(sibling("mk"), copy, 0111);
    pid_t pid = must(fork(), "fork");
    if (!pid) execl(copy, "mk", argv[1], (char *)NULL), die("execl");
    reap(pid);
    return 0;
}
