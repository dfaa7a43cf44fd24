/* F: `FIFO OUT PROG ARG...`: a process outside the step that does what it is told through a FIFO: copies it to OUT. */
#include "tracee.h"
int main(int argc, char **argv) {
    char buf[64] = {0};
    must(mkfifo(argv[1], 0666), "mkfifo");
    chmod(argv[1], 0666);
    beside(argv + 3);
    int fd = must(open(argv[1], O_RDWR), "open");
    while (read(fd, buf, sizeof buf - 1) < 0) {}
    put(argv[2], buf);
    for (;;) pause();
}
