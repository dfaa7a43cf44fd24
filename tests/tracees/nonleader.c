/* A21: a thread that is not the leader executes a program. argv[2]: wait (the leader waits), gone (it has ended). */
#include "tracee.h"
static char **args, *mk;
static void *go(void *arg) {
    if (!strcmp(args[2], "gone")) nap(100);
    execl(mk, "mk", args[1], (char *)NULL);
    die("execl");
    return NULL;
}
int main(int argc, char **argv) {
    args = argv;
    mk = sibling("mk");
    thread(go, NULL);
    if (!strcmp(argv[2], "gone")) pthread_exit(NULL);
    for (;;) pause();
}
