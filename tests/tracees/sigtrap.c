/* A18: odd numbers of SIGTRAP, sent and by int3, between system calls; the act behind them must be decoded rightly. */
#include "tracee.h"
static volatile int traps;
static void count(int sig) { traps++; }
int main(int argc, char **argv) {
    signal(SIGTRAP, count);
    kill(getpid(), SIGTRAP);
    __asm__ volatile("int3");
    raise(SIGTRAP);
    canary(argv[1]);
    __asm__ volatile("int3");
    int fd = must(open(in(argv[1], "file"), O_CREAT | O_WRONLY, 0644), "open");
    close(fd);
    return traps != 4;
}
