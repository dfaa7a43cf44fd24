/* B03: a thread, or a process that shares the page, changes argv while execve runs. Prints how often each really ran. */
#include "tracee.h"
int main(int argc, char **argv) {
    char *arg = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    volatile char *stop = arg + 64;
    char *log = in(argv[1], "log"), *prog = sibling("echoargs"), *args[] = {"echoargs", arg, log, NULL};
    strcpy(arg, "a");
    pid_t flipper = must(fork(), "fork");
    if (!flipper) {
        while (!*stop) *(volatile char *)arg = 'a', *(volatile char *)arg = 'b';
        _exit(0);
    }
    for (int i = 0; i < 150; i++) {
        pid_t pid = must(fork(), "fork");
        if (!pid) execv(prog, args), _exit(1);
        reap(pid);
    }
    *stop = 1;
    reap(flipper);
    int fd = open(log, O_RDONLY), n[2] = {0, 0};
    char c;
    while (read(fd, &c, 1) == 1) n[c == 'b']++;
    printf("args_a %d\nargs_b %d\n", n[0], n[1]);
    return 0;
}
