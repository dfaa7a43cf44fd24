/* B19: a write lease makes every other open of the file wait for up to 45 seconds; the recorder's must not. */
#include "tracee.h"
int main(int argc, char **argv) {
    long start = now_ms();
    signal(SIGIO, SIG_IGN);
    put(in(argv[1], "file"), "leased");
    int fd = must(open(in(argv[1], "file"), O_RDWR), "open");
    /* Somebody else may just be reading it. */
    for (int i = 0; fcntl(fd, F_SETLEASE, F_WRLCK); i++, nap(20)) if (i == 100) die("F_SETLEASE");
    must(write(fd, "LEASED", 6), "write");
    nap(200);
    canary(argv[1]);
    if (now_ms() - start > 8000) die("it took over 8 seconds");
    return 0;
}
