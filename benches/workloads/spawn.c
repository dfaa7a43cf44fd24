/* spawn N [fork]: starts /bin/true N times, one after the other, by posix_spawn or by fork and exec, and waits for each. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int start_by_fork(pid_t *child, char **argv)
{
    *child = fork();
    if (*child == 0) {
        execve(argv[0], argv, environ);
        _exit(127);
    }
    return *child < 0;
}

int main(int argc, char **argv)
{
    char *true_argv[] = {"/bin/true", NULL};
    long times = argc > 1 ? atol(argv[1]) : 0;
    int by_fork = argc > 2 && strcmp(argv[2], "fork") == 0;

    if (times <= 0) {
        fputs("usage: spawn N [fork]\n", stderr);
        return 2;
    }
    while (times-- > 0) {
        pid_t child;
        int status;
        int failed = by_fork ? start_by_fork(&child, true_argv)
                             : posix_spawn(&child, true_argv[0], NULL, NULL, true_argv, environ);
        if (failed || waitpid(child, &status, 0) != child || status != 0) {
            fputs("spawn: a child failed\n", stderr);
            return 1;
        }
    }
    return 0;
}
