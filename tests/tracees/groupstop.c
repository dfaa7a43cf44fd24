/* A19: a child stops itself; it must stay stopped until SIGCONT, then act. */
#include "tracee.h"
int main(int argc, char **argv) {
    int status;
    pid_t pid = must(fork(), "fork");
    if (!pid) {
        raise(SIGSTOP);
        canary(argv[1]);
        _exit(0);
    }
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status)) die("not stopped");
    nap(300);
    gone(argv[1], "canary");
    must(kill(pid, SIGCONT), "SIGCONT");
    if (waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status)) waitpid(pid, &status, 0);
    return !WIFEXITED(status) || WEXITSTATUS(status);
}
