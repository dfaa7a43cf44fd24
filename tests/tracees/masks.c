/* D07-D09: a process that calls itself something else. argv[2]: argv0, rewrite (its own argv later), comm, mm (PR_SET_MM). */
#include "tracee.h"
int main(int argc, char **argv) {
    char *how = argv[2], *dir = strdup(argv[1]);
    if (!strcmp(how, "argv0")) {
        execl(sibling("mk"), "/usr/bin/cc", dir, (char *)NULL);
        die("execl");
    }
    if (!strcmp(how, "comm")) must(prctl(PR_SET_NAME, "x) R 1 1 1 1 1"), "PR_SET_NAME");
    if (!strcmp(how, "rewrite")) memset(argv[0], 'c', strlen(argv[0])), memset(argv[1], 'z', strlen(argv[1]));
    if (!strcmp(how, "mm")) {
        static char fake[] = "/usr/bin/cc\0-c\0good.c";
        unsigned long f[60] = {0};
        char stat[2048] = {0}, *p;
        read(must(open("/proc/self/stat", O_RDONLY), "stat"), stat, sizeof stat - 1);
        p = strrchr(stat, ')') + 2;
        for (int i = 3; i < 53 && p; i++, p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL) f[i] = strtoul(p, NULL, 10);
        struct prctl_mm_map map = {.start_code = f[26], .end_code = f[27], .start_data = f[45], .end_data = f[46],
            .start_brk = f[47], .brk = (uintptr_t)sbrk(0), .start_stack = f[28], .arg_start = (uintptr_t)fake,
            .arg_end = (uintptr_t)fake + sizeof fake, .env_start = f[50], .env_end = f[51], .exe_fd = -1};
        if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0)) quit(errno == EINVAL ? 77 : 1, "PR_SET_MM_MAP");
    }
    canary(dir);
    return 0;
}
