/* G13, G14: more than a recorder likes. argv[2]: opens (30,000 of ten names), threads (300), forks (400 at once), files (3,000 open). */
#include "tracee.h"
#include <sys/resource.h>
static void *wait_a_little(void *arg) {
    nap(100);
    return NULL;
}
int main(int argc, char **argv) {
    char *how = argv[2], name[32];
    int n = 0;
    if (!strcmp(how, "opens")) {
        for (int i = 0; i < 10; i++) snprintf(name, sizeof name, "f%d", i), put(in(argv[1], name), "x");
        chdir(argv[1]);
        for (; n < 30000; n++) {
            snprintf(name, sizeof name, "f%d", n % 10);
            close(must(open(name, O_RDONLY), name));
        }
    } else if (!strcmp(how, "threads")) {
        pthread_t t[300];
        for (; n < 300; n++) t[n] = thread(wait_a_little, NULL);
        while (n--) pthread_join(t[n], NULL);
        n = 300;
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
