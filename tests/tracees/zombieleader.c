/* A25: the leader ends first; another thread acts later. */
#include "tracee.h"
static void *later(void *dir) {
    nap(300);
    canary(dir);
    exit(0);
}
int main(int argc, char **argv) {
    thread(later, argv[1]);
    pthread_exit(NULL);
}
