/* A26: a storm of signals around calls that restart; every file is made once and recorded once. */
#include "tracee.h"
static void tick(int sig) {}
int main(int argc, char **argv) {
    struct sigaction sa = {.sa_handler = tick, .sa_flags = SA_RESTART};
    struct itimerval it = {{0, 700}, {0, 700}}, off = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &it, NULL);
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "c%d", i);
        nap(1);
        usleep(500);
        if (mkdir(in(argv[1], name), 0755)) die("mkdir");
    }
    setitimer(ITIMER_REAL, &off, NULL);
    puts("made 100");
    return 0;
}
