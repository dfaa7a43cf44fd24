/* G13, G14: more than a recorder likes. argv[2]: opens (30,000 of ten names, or argv[3]), threads (300), herd (2,000 threads),
   series (argv[3] threads, ten at a time), forks (400 at once), generations (5,000, one after the other), files (3,000 open),
   names (20,000 made, each for a moment). */
#include "tracee.h"
#include <sys/resource.h>
static void *wait_a_little(void *arg) {
    nap(100);
    return NULL;
}
static void *nothing(void *arg) { return NULL; }
int main(int argc, char **argv) {
    char *how = argv[2], name[32];
    int n = 0, many = argc > 3 ? atoi(argv[3]) : 30000;
    if (!strcmp(how, "opens")) {
        for (int i = 0; i < 10; i++) snprintf(name, sizeof name, "f%d", i), put(in(argv[1], name), "x");
        chdir(argv[1]);
        for (; n < many; n++) {
            snprintf(name, sizeof name, "f%d", n % 10);
            close(must(open(name, O_RDONLY), name));
        }
    } else if (!strcmp(how, "names")) {
        chdir(argv[1]);
        for (; n < 20000; n++) {
            snprintf(name, sizeof name, "n%08x%08x", n * 2654435761u, n);
            close(must(open(name, O_CREAT | O_WRONLY, 0644), name));
            unlink(name);
        }
    } else if (!strcmp(how, "threads") || !strcmp(how, "herd")) {
        int all = how[0] == 't' ? 300 : 2000;
        static pthread_t t[2000];
        for (; n < all; n++) t[n] = thread(wait_a_little, NULL);
        while (n--) pthread_join(t[n], NULL);
        n = all;
    } else if (!strcmp(how, "series")) {
        pthread_t t[10];
        for (; n < many; n += 10) {
            for (int i = 0; i < 10; i++) t[i] = thread(nothing, NULL);
            for (int i = 0; i < 10; i++) pthread_join(t[i], NULL);
        }
    } else if (!strcmp(how, "generations")) {
        for (; n < 5000; n++) {
            pid_t child = must(fork(), "fork");
            if (!child) _exit(0);
            waitpid(child, NULL, 0);
        }
    } else if (!strcmp(how, "forks")) {
        for (; n < 400; n++) if (!must(fork(), "fork")) nap(300), _exit(0);
        while (wait(NULL) > 0) {}
    } else {
        struct rlimit r;
        getrlimit(RLIMIT_NOFILE, &r);
        r.rlim_cur = r.rlim_max;
        setrlimit(RLIMIT_NOFILE, &r);
        for (; n < 3000; n++) {
            snprintf(name, sizeof name, "f%d", n);
            must(open(in(argv[1], name), O_CREAT | O_RDWR, 0644), name);
        }
    }
    printf("made %d\n", n);
    canary(argv[1]);
    return 0;
}
