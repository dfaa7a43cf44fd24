/* D02: a script that no name leads to by the time that it is read. argv[2]: memory (it never had one), replaced (another file has
   it by now). */
#include "tracee.h"
int main(int argc, char **argv) {
    const char text[] = "#!/bin/sh\nmkdir canary\n";
    char *script = in(argv[1], "script"), *words[] = {"script", NULL}, *none[] = {NULL};
    int fd;
    must(chdir(argv[1]), "chdir");
    if (!strcmp(argv[2], "memory")) {
        fd = must(memfd_create("script", 0), "memfd_create");
        must(write(fd, text, sizeof text - 1), "write");
    } else {
        put(script, text);
        must(chmod(script, 0755), "chmod");
        fd = must(open(script, O_RDONLY), "open");
        put(in(argv[1], "kept"), text);
        must(unlink(script), "unlink");
        put(script, "#!/bin/sh\n: another\n");
    }
    if (!strcmp(argv[2], "memory")) put(in(argv[1], "kept"), text);
    syscall(SYS_execveat, fd, "", words, none, AT_EMPTY_PATH);
    die("execveat");
}
