/* B06: the flags of openat2 stand in memory that a thread rewrites. Prints how many opens could write. */
#include "tracee.h"
#include <linux/openat2.h>
static struct open_how how;
static volatile int stop;
static void *flip(void *arg) {
    volatile uint64_t *flags = (void *)&how.flags;
    while (!stop) *flags = O_RDONLY, *flags = O_RDWR;
    return NULL;
}
int main(int argc, char **argv) {
    int writers = 0, readers = 0;
    char *name = in(argv[1], "file");
    put(name, "x");
    pthread_t t = thread(flip, NULL);
    for (int i = 0; i < 1500; i++) {
        int fd = syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
        if (fd < 0) die("openat2");
        if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR) writers++;
        else readers++;
        close(fd);
    }
    stop = 1;
    pthread_join(t, NULL);
    printf("writers %d\nreaders %d\n", writers, readers);
    return 0;
}
