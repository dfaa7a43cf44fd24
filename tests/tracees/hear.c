/* R12: `hear FILE PROG ARG...` runs PROG beside a process outside the step (its number is in $HEAR) that makes FILE when a signal
   comes that does nothing by itself. */
#include "tracee.h"
static const char *file;
static void heard(int sig) { close(open(file, O_WRONLY | O_CREAT, 0666)); }
int main(int argc, char **argv) {
    char text[64];
    file = argv[1];
    for (int i = 0; i < 3; i++) signal((int[]){SIGWINCH, SIGURG, SIGCONT}[i], heard);
    snprintf(text, sizeof text, "%d", getpid());
    setenv("HEAR", text, 1);
    beside(argv + 2);
    for (;;) pause();
}
