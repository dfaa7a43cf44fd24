/* A20: a sibling ends the process while mkdir is in the kernel: done, but no exit of the call is seen. argv[2]: exit, kill. */
#include "tracee.h"
#include <dirent.h>
static char *dir;
static int round_;
static void *work(void *arg) {
    for (int i = 0;; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s/d/%d-%d", dir, round_, i);
        mkdir(name, 0755);
    }
    return NULL;
}
int main(int argc, char **argv) {
    int made = 0;
    dir = argv[1];
    must(mkdir(in(dir, "d"), 0755), "mkdir d");
    for (round_ = 0; round_ < 60; round_++) {
        pid_t pid = must(fork(), "fork");
        if (!pid) {
            thread(work, NULL);
            usleep(200 + 37 * round_);
            if (!strcmp(argv[2], "exit")) syscall(SYS_exit_group, 0);
            kill(getpid(), SIGKILL);
        }
        waitpid(pid, NULL, 0);
    }
    DIR *d = opendir(in(dir, "d"));
    while (readdir(d)) made++;
    printf("made %d\n", made - 2);
    return 0;
}
