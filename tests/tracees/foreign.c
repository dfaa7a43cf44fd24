/* E09: `PROG ARG...` with somebody outside the step who swaps argv[1] (the source) while argv[2] (a file) exists, and restores it. */
#include "tracee.h"
int main(int argc, char **argv) {
    beside(argv + 3);
    char *backup = NULL;
    asprintf(&backup, "%s.bk", argv[1]);
    while (access(argv[2], F_OK)) nap(5);
    struct stat st;
    stat(argv[1], &st);
    copy_file(argv[1], backup, 0644);
    put(argv[1], "int evil;\n");
    unlink(argv[2]);
    nap(400);
    copy_file(backup, argv[1], 0644);
    struct timespec t[2] = {st.st_atim, st.st_mtim};
    utimensat(AT_FDCWD, argv[1], t, 0);
    unlink(backup);
    for (;;) pause();
}
