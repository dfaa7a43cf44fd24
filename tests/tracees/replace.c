/* D11: the program's file is replaced while it runs; the digest must be of what was run. */
#include "tracee.h"
int main(int argc, char **argv) {
    char *prog = in(argv[1], "prog"), *other = in(argv[1], "other");
    copy_file(sibling("mk"), prog, 0755);
    copy_file(sibling("echoargs"), other, 0755);
    int started[2];
    char c;
    must(pipe2(started, O_CLOEXEC), "pipe");
    pid_t pid = must(fork(), "fork");
    if (!pid) execl(prog, "prog", argv[1], (char *)NULL), die("execl");
    close(started[1]);
    read(started[0], &c, 1);
    must(rename(other, prog), "rename");
    reap(pid);
    return 0;
}
