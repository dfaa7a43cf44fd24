/* E10, I07: `leave FD FILE PROG ARG...` executes PROG with FILE open read-write at FD; `use FD` writes to FD. */
#include "tracee.h"
int main(int argc, char **argv) {
    int fd = atoi(argv[2]);
    if (!strcmp(argv[1], "leave")) {
        must(dup2(must(open(argv[3], O_RDWR | O_CREAT, 0666), argv[3]), fd), "dup2");
        execv(argv[4], argv + 4);
        die("execv");
    }
    if (fcntl(fd, F_GETFD) < 0) quit(76, "the descriptor is not there");
    return write(fd, "by a foreign descriptor", 23) != 23;
}
