/* A28, J, negative controls: calls that act on nothing outside must go on working under the recorder. */
#include "tracee.h"
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/personality.h>
#include <sys/shm.h>
#include <sys/timerfd.h>
int main(int argc, char **argv) {
    must(personality(ADDR_NO_RANDOMIZE), "personality");
    int id = must(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600), "shmget");
    if (shmat(id, NULL, 0) == (void *)-1) die("shmat");
    must(shmctl(id, IPC_RMID, NULL), "shmctl");
    must(inotify_add_watch(must(inotify_init1(IN_CLOEXEC), "inotify"), argv[1], IN_CREATE), "watch");
    must(timerfd_create(CLOCK_MONOTONIC, 0), "timerfd");
    must(memfd_create("plain", MFD_CLOEXEC), "memfd_create");
    must(syscall(SYS_membarrier, 0, 0, 0), "membarrier");
    struct { void *next; long off; void *pend; } head = {&head, 0, NULL};
    must(syscall(SYS_set_robust_list, &head, sizeof head), "set_robust_list");
    canary(argv[1]);
    return 0;
}
