/* D01: a program that was never in a file system. argv[2]: empty (execveat with no name), fd (/proc/self/fd/N). */
#include "tracee.h"
int main(int argc, char **argv) {
    char buf[65536], name[64], *args[] = {"/usr/bin/cc", argv[1], NULL}, *env[] = {NULL};
    ssize_t n;
    int from = must(open(sibling("mk"), O_RDONLY), "mk"), fd = must(memfd_create("../../usr/bin/cc", 0), "memfd_create");
    while ((n = read(from, buf, sizeof buf)) > 0) must(write(fd, buf, n), "write");
    if (!strcmp(argv[2], "empty")) syscall(SYS_execveat, fd, "", args, env, AT_EMPTY_PATH);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    execve(name, args, env);
    die("exec of a memfd");
}
