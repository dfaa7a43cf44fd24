/* E09: the step of foreign.c (argv[2] "outside"), or one that swaps its own source ("inside"): reads it in between. */
#include "tracee.h"
int main(int argc, char **argv) {
    char buf[64] = {0}, *src = in(argv[1], "inv.c"), *go = in(argv[1], "go");
    int inside = !strcmp(argv[2], "inside");
    if (inside) {
        must(rename(src, in(argv[1], "inv.bk")), "backup");
        put(src, "int evil;\n");
    } else {
        put(go, "");
        while (!access(go, F_OK)) nap(5);
    }
    int fd = must(open(src, O_RDONLY), "open");
    must(read(fd, buf, sizeof buf - 1), "read");
    close(fd);
    if (inside) must(rename(in(argv[1], "inv.bk"), src), "restore");
    else nap(700);
    put(in(argv[1], "canary"), buf);
    return !strstr(buf, "evil");
}
