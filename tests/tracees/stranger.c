/* `PROG ARG...` becomes PROG with a child that it does not know of, as a shell's `job & exec PROG` does. */
#include "tracee.h"
int main(int argc, char **argv) {
    if (!must(fork(), "fork")) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) pause();
    }
    execv(argv[1], argv + 1);
    die("execv");
}
