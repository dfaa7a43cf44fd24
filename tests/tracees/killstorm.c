/* A30: many processes are killed at any moment of theirs; none of it may upset the recorder. */
#include "tracee.h"
int main(int argc, char **argv) {
    srand(7);
    for (int i = 0; i < 300; i++) {
        char name[32];
        snprintf(name, sizeof name, "k%d", i);
        pid_t pid = must(fork(), "fork");
        if (!pid) {
            for (int j = 0;; j++) {
                close(open(in(argv[1], name), O_CREAT | O_WRONLY, 0644));
                if (j % 4 == 3 && !fork()) _exit(0);
            }
        }
        usleep(rand() % 1500);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    canary(argv[1]);
    return 0;
}
