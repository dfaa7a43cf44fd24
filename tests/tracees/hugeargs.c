/* G15: 5 MB of arguments, with the one that matters behind all the others. */
#include "tracee.h"
#include <sys/resource.h>
int main(int argc, char **argv) {
    enum { N = 50 };
    static char *args[N + 4];
    struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};
    if (argc > 5) {
        canary(argv[argc - 1]);
        return 0;
    }
    getrlimit(RLIMIT_STACK, &r);
    r.rlim_cur = r.rlim_max == RLIM_INFINITY ? 64 << 20 : r.rlim_max;
    setrlimit(RLIMIT_STACK, &r);
    args[0] = "hugeargs";
    for (int i = 1; i <= N; i++) {
        args[i] = malloc(100001);
        memset(args[i], 'a', 100000), args[i][100000] = 0;
    }
    args[N + 1] = "--forbidden";
    args[N + 2] = argv[1];
    execv("/proc/self/exe", args);
    quit(errno == E2BIG ? 77 : 1, "execv");
}
