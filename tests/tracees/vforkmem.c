/* A22: a child that shares our memory rewrites the name that we use next. */
#include "tracee.h"
static char name[4096];
static int child(void *arg) {
    strcpy(name, in(arg, "canary"));
    return 0;
}
int main(int argc, char **argv) {
    char *stack = malloc(65536);
    strcpy(name, in(argv[1], "innocent"));
    pid_t pid = must(clone(child, stack + 65536, CLONE_VM | CLONE_VFORK | SIGCHLD, argv[1]), "clone");
    must(mkdir(name, 0755), "mkdir");
    reap(pid);
    return 0;
}
