/* B: somebody else than a thread of the caller changes what a call means. argv[2] says who and what:
   private, readonly: the name lies in a page of a file (mapped privately, or shared for reading), and a process rewrites the file;
   poke: a process writes into the caller's memory; vfork: the caller's parent has a thread that goes on meanwhile;
   fs, files: a process shares the working directory, or the descriptors, and swaps them; thread-fs, thread-files: a thread does.
   Prints how many of each kind came to be. */
#include "tracee.h"
#include <dirent.h>
enum { ROUNDS = 150 };
static char *dir, *how;
static volatile char *name;
static volatile int stop;
static int a, b, swapped, file, at;
static void *flip(void *arg) {
    for (int i = 0; !stop; i++) {
        char letter = i & 1 ? 'g' : 'e';
        if (!strcmp(how, "poke")) {
            struct iovec mine = {&letter, 1}, theirs = {(char *)name + at, 1};
            if (process_vm_writev(getppid(), &mine, 1, &theirs, 1, 0) != 1) die("process_vm_writev");
        } else if (!strcmp(how, "vfork")) name[at] = letter;
        else if (strstr(how, "fs")) fchdir(i & 1 ? a : b);
        else if (strstr(how, "files")) dup2(i & 1 ? a : b, swapped);
        else pwrite(file, &letter, 1, at);
    }
    return NULL;
}
static int flipper(void *arg) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    flip(NULL);
    _exit(0);
}
static void rounds(void) {
    char number[8];
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(number, sizeof number, "n%04d", i);
        if (strstr(how, "fs")) mkdir(number, 0755);
        else if (strstr(how, "files")) mkdirat(swapped, number, 0755);
        else {
            if (file) pwrite(file, number, 5, at + 2);
            else memcpy((char *)name + at + 2, number, 5);
            mkdir((char *)name, 0755);
        }
    }
}
static int count(const char *where) {
    struct dirent *e;
    int n = 0;
    for (DIR *d = opendir(in(dir, where)); (e = readdir(d));) n += e->d_name[0] == 'n';
    return n;
}
int main(int argc, char **argv) {
    dir = argv[1], how = argv[2];
    char *text = in(dir, "g/n0000"), *map = in(dir, "name");
    at = strlen(dir) + 1;
    must(mkdir(in(dir, "g"), 0755), "g"), must(mkdir(in(dir, "e"), 0755), "e");
    a = must(open(in(dir, "g"), O_RDONLY), "g"), b = must(open(in(dir, "e"), O_RDONLY), "e"), swapped = dup(a);
    name = text;
    int outside_of_memory = !strcmp(how, "private") || !strcmp(how, "readonly");
    if (outside_of_memory) {
        put(map, text);
        file = must(open(map, O_RDWR), map);
        int reader = must(open(map, O_RDONLY), map);
        name = mmap(0, 4096, PROT_READ, *how == 'p' ? MAP_PRIVATE : MAP_SHARED, reader, 0);
    }
    if (!strcmp(how, "poke")) {
        name = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        strcpy((char *)name, text);
    }
    pid_t pid = 0;
    pthread_t t = 0;
    if (!strcmp(how, "vfork")) {
        t = thread(flip, NULL);
        if (!(pid = vfork())) rounds(), _exit(0);
        reap(pid);
        pid = 0;
    } else if (!strncmp(how, "thread", 6)) {
        t = thread(flip, NULL);
        rounds();
    } else {
        int flags = !strcmp(how, "fs") ? CLONE_FS : !strcmp(how, "files") ? CLONE_FILES : 0;
        char *stack = malloc(65536);
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
        pid = must(clone(flipper, stack + 65536, flags | SIGCHLD, NULL), "clone");
        rounds();
    }
    stop = 1;
    if (pid) kill(pid, SIGKILL), waitpid(pid, NULL, 0);
    else pthread_join(t, NULL);
    printf("good %d\nevil %d\n", count("g"), count("e"));
    return 0;
}
