/* A06: clone3 keeps its flags in memory that another thread rewrites after the look at them. Prints how many children acted. */
#include "tracee.h"
#include <linux/sched.h>
static struct clone_args args;
static volatile int stop;
static void *flip(void *arg) {
    while (!stop) {
        args.flags = 0;
        args.flags = CLONE_UNTRACED;
    }
    return NULL;
}
int main(int argc, char **argv) {
    int made = 0;
    args.exit_signal = SIGCHLD;
    pthread_t t = thread(flip, NULL);
    for (int i = 0; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof name, "c%d", i);
        long pid = syscall(SYS_clone3, &args, CLONE_ARGS_SIZE_VER0);
        if (pid < 0) die("clone3");
        if (!pid) _exit(mkdir(in(argv[1], name), 0755) != 0);
        reap(pid);
        made++;
    }
    stop = 1;
    pthread_join(t, NULL);
    printf("made %d\n", made);
    return 0;
}
