/* A13, a negative control: time(2) by the vsyscall page acts on nothing. */
#include "tracee.h"
static void no(int sig) { _exit(77); }
int main(int argc, char **argv) {
    signal(SIGSEGV, no);
    long (*vtime)(long *) = (void *)0xffffffffff600400;
    if (vtime(NULL) <= 0) die("vsyscall time");
    canary(argv[1]);
    return 0;
}
