/* B01, B09 for calls that return no descriptor: a thread flips the name of mkdir; prints how many of each kind came to be. */
#include "tracee.h"
#include <dirent.h>
static char name[4096];
static volatile int stop;
static volatile char *letter;
static void *flip(void *arg) {
    while (!stop) *letter = 'g', *letter = 'e';
    return NULL;
}
int main(int argc, char **argv) {
    struct dirent *e;
    int good = 0, evil = 0;
    snprintf(name, sizeof name, "%s/d", argv[1]);
    must(mkdir(name, 0755), "mkdir d");
    size_t n = strlen(name);
    strcpy(name + n, "/g0000");
    letter = name + n + 1;
    pthread_t t = thread(flip, NULL);
    for (int i = 0; i < 1500; i++) {
        snprintf(name + n + 2, 8, "%04d", i);
        mkdir(name, 0755);
    }
    stop = 1;
    pthread_join(t, NULL);
    DIR *d = opendir(in(argv[1], "d"));
    while ((e = readdir(d))) good += e->d_name[0] == 'g', evil += e->d_name[0] == 'e';
    printf("good %d\nevil %d\n", good, evil);
    return 0;
}
