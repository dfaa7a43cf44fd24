/* Stands where the recorder would be when a case runs without it: the parent of the step. Says so if it was harmed. */
#include "tracee.h"
int main(int argc, char **argv) {
    int status;
    pid_t pid = must(fork(), "fork");
    if (!pid) execvp(argv[1], argv + 1), die(argv[1]);
    if (waitpid(pid, &status, 0) != pid) return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
