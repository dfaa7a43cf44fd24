/* A17, J: one system call by number or name with arguments that do no harm (argv[2] the number, then up to six arguments,
   each a number, @TEXT for a pointer to TEXT, or % for a page of zeroes). Prints the errno; ends with 0: asking is the act. */
#include "tracee.h"
int main(int argc, char **argv) {
    long a[6] = {0};
    for (int i = 0; i < 6 && i + 3 < argc; i++) {
        if (argv[i + 3][0] == '@') a[i] = (long)(argv[i + 3] + 1);
        else if (argv[i + 3][0] == '%') a[i] = (long)calloc(1, 4096);
        else a[i] = strtol(argv[i + 3], NULL, 0);
    }
    errno = 0;
    long rc = syscall(strtol(argv[2], NULL, 0), a[0], a[1], a[2], a[3], a[4], a[5]);
    printf("errno %d\n", rc == -1 ? errno : 0);
    if (rc == -1) fprintf(stderr, "%s\n", strerror(errno));
    fflush(stdout);
    canary(argv[1]);
    return 0;
}
