/* Opens under a storm of signals: every call ends as it does in peace. argv[2]: threads (four at work while a timer fires),
   pidns (the same as the first of a pid namespace), dying (a child at work is killed at a random moment, twenty times). */
#include "tracee.h"
static void nothing(int s) {}
static void *work(void *rounds) {
    for (intptr_t i = 0; i < (intptr_t)rounds; i++) {
        int file = open("/etc/passwd", O_RDONLY), own = open("/proc/self/status", O_RDONLY);
        if (file < 0 || own < 0) die("an open that was interrupted");
        if (open("/no/such", O_RDONLY) >= 0 || errno != ENOENT) die("a missing file");
        close(file), close(own);
    }
    return NULL;
}
static int threads(intptr_t rounds) {
    struct sigaction action = {.sa_handler = nothing};
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    pthread_t all[3];
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 3; i++) pthread_create(&all[i], NULL, work, (void *)rounds);
    work((void *)rounds);
    for (int i = 0; i < 3; i++) pthread_join(all[i], NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    return 0;
}
int main(int argc, char **argv) {
    if (!strcmp(argv[2], "threads")) return threads(argc > 3 ? atoi(argv[3]) : 100);
    if (!strcmp(argv[2], "pidns")) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWPID)) skip("unshare");
        pid_t child = must(fork(), "fork");
        if (!child) _exit(threads(20));
        int status;
        waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
    for (int i = 0; i < 20; i++) {
        pid_t child = must(fork(), "fork");
        if (!child) threads(100000), _exit(0);
        usleep(500 + 137 * i);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    return 0;
}
