/* E07: the kernel writes a core file that no call of ours made. */
#include "tracee.h"
#include <sys/resource.h>
int main(int argc, char **argv) {
    char pattern[128] = {0};
    struct rlimit r = {1 << 20, 1 << 20};
    int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);
    read(fd, pattern, sizeof pattern - 1);
    if (strchr(pattern, '|') || strchr(pattern, '/')) skip("core files do not go to the directory");
    must(chdir(argv[1]), "chdir");
    if (setrlimit(RLIMIT_CORE, &r)) die("RLIMIT_CORE");
    pid_t pid = must(fork(), "fork");
    if (!pid) abort();
    int status;
    waitpid(pid, &status, 0);
    return !WCOREDUMP(status);
}
