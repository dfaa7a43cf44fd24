/* opens THREADS N FILE: each of THREADS threads opens and closes FILE N times. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *file;
static long times;

static void *open_and_close(void *unused)
{
    (void)unused;
    for (long done = 0; done < times; done++) {
        int fd = open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return (void *)1;
        close(fd);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    enum { MOST = 64 };
    pthread_t threads[MOST];
    int count = argc == 4 ? atoi(argv[1]) : 0;
    int failed = 0;

    if (count < 1 || count > MOST) {
        fputs("usage: opens THREADS N FILE\n", stderr);
        return 2;
    }
    times = atol(argv[2]);
    file = argv[3];
    for (int i = 0; i < count; i++)
        failed |= pthread_create(&threads[i], NULL, open_and_close, NULL);
    for (int i = 0; i < count && !failed; i++) {
        void *result;
        pthread_join(threads[i], &result);
        failed |= result != NULL;
    }
    return failed;
}
