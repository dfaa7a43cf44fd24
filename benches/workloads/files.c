/* files DIR FILES N: makes FILES empty files in DIR, then opens and closes them by turns, N times in all. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    long files = argc == 4 ? atol(argv[2]) : 0;
    long times = argc == 4 ? atol(argv[3]) : 0;
    char name[32];

    if (files < 2 || times < 1 || chdir(argv[1]) != 0) {
        fputs("usage: files DIR FILES N\n", stderr);
        return 2;
    }
    for (long n = -files; n < times; n++) {
        int fd;
        snprintf(name, sizeof name, "f%06ld", n < 0 ? n + files : n % files);
        fd = open(name, n < 0 ? O_WRONLY | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0644);
        if (fd < 0) {
            perror(name);
            return 1;
        }
        close(fd);
    }
    return 0;
}
