/* B07: the descriptor that open returns is replaced by another at once; every open here is of good, evil is opened once. */
#include "tracee.h"
static int evil;
static volatile int stop, last = -1;
static void *storm(void *arg) {
    while (!stop) if (last >= 0) dup2(evil, last);
    return NULL;
}
int main(int argc, char **argv) {
    put(in(argv[1], "good"), "good");
    put(in(argv[1], "evil"), "evil");
    evil = open(in(argv[1], "evil"), O_RDONLY);
    last = dup(evil);
    pthread_t t = thread(storm, NULL);
    char *name = in(argv[1], "good");
    int n = 0;
    for (int i = 0; i < 2000; i++) {
        close(last);
        int fd = open(name, O_RDONLY);
        if (fd >= 0) n++;
        if (fd >= 0 && fd != last) close(fd);
    }
    stop = 1;
    pthread_join(t, NULL);
    printf("good %d\n", n);
    return 0;
}
