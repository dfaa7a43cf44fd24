/* C02: names through /proc/self and its cousins. argv[2]: environ, cwd, root, fd, exe, stdin. */
#include "tracee.h"
int main(int argc, char **argv) {
    char *how = argv[2], name[4096];
    must(chdir(argv[1]), "chdir");
    printf("pid %d\n", getpid());
    fflush(stdout);
    if (!strcmp(how, "environ")) must(open("/proc/self/environ", O_RDONLY), how);
    else if (!strcmp(how, "cwd")) must(mkdir("/proc/self/cwd/canary", 0755), how);
    else if (!strcmp(how, "thread")) must(mkdir("/proc/thread-self/cwd/canary", 0755), how);
    else if (!strcmp(how, "root")) {
        snprintf(name, sizeof name, "/proc/%d/root/%s/canary", getpid(), argv[1]);
        must(mkdir(name, 0755), how);
    } else if (!strcmp(how, "fd")) {
        must(dup2(must(open(".", O_RDONLY), "."), 7), "dup2");
        must(mkdir("/dev/fd/7/canary", 0755), how);
    } else if (!strcmp(how, "exe")) {
        copy_file("/proc/self/exe", "copy", 0755);
        must(open("/proc/self/exe", O_RDONLY), how);
    } else {
        put("in", "input");
        must(dup2(must(open("in", O_RDONLY), "in"), 0), "dup2");
        must(open("/dev/stdin", O_RDONLY), how);
    }
    return 0;
}
