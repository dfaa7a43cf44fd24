/* Beyond the catalogue, of the same kinds. argv[2] names it; the act is on canary, or "seen" to port argv[3]. */
#include "tracee.h"
#include <arpa/inet.h>
#include <sys/sendfile.h>
static char *dir;
static int in_child(void *arg) { return mkdir(in(dir, "canary"), 0755); }
static void *other(void *arg) {
    unshare(CLONE_FS);
    chdir(in(dir, "b"));
    mkdir("canary", 0755);
    return NULL;
}
int main(int argc, char **argv) {
    char *how = argv[2], *stack = malloc(65536);
    dir = argv[1];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    to.sin_port = htons(argc > 3 ? atoi(argv[3]) : 9);
    if (!strcmp(how, "signalless")) { /* a child that sends no signal when it ends, only to be seen by __WALL */
        pid_t pid = must(syscall(SYS_clone, 0, 0, 0, 0, 0), "clone");
        if (!pid) _exit(in_child(NULL));
        reap(pid);
    } else if (!strcmp(how, "sharefiles")) { /* a process that shares descriptors and directory, but not memory */
        pid_t pid = must(clone(in_child, stack + 65536, CLONE_FILES | CLONE_FS | SIGCHLD, NULL), "clone");
        reap(pid);
    } else if (!strcmp(how, "sharevm")) { /* a process that shares memory, but is no thread */
        pid_t pid = must(clone(in_child, stack + 65536, CLONE_VM | CLONE_SIGHAND | SIGCHLD, NULL), "clone");
        reap(pid);
    } else if (!strcmp(how, "unsharefs")) { /* a thread with a working directory of its own */
        must(mkdir(in(dir, "b"), 0755), "b");
        pthread_join(thread(other, NULL), NULL);
    } else if (!strcmp(how, "vforkchain")) {
        for (int i = 0; i < 3; i++)
            if (vfork()) _exit(0);
        _exit(in_child(NULL));
    } else if (!strcmp(how, "sigchld")) { /* children nobody waits for */
        signal(SIGCHLD, SIG_IGN);
        if (!must(fork(), "fork")) _exit(in_child(NULL));
        nap(100);
    } else if (!strcmp(how, "atexit")) { /* the very last call before the end */
        syscall(SYS_mkdir, in(dir, "canary"), 0755);
        syscall(SYS_exit, 0);
    } else if (!strcmp(how, "dirfdgone")) { /* relative to a directory that has been removed and made anew */
        must(mkdir(in(dir, "d"), 0755), "d");
        int fd = must(open(in(dir, "d"), O_PATH | O_DIRECTORY), "open");
        must(rename(in(dir, "d"), in(dir, "moved")), "rename");
        must(mkdir(in(dir, "d"), 0755), "d again");
        must(mkdirat(fd, "canary", 0755), "mkdirat");
    } else if (!strcmp(how, "fdstd")) { /* descriptor 1 is closed and becomes the file */
        close(1);
        must(open(in(dir, "canary"), O_CREAT | O_WRONLY, 0644), "open");
        dprintf(1, "by descriptor 1");
    } else if (!strcmp(how, "sendtcp")) { /* sendto with an address on a socket that is connected elsewhere already */
        int s = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
        struct sockaddr_in first = to;
        first.sin_port = htons(9);
        must(connect(s, (void *)&first, sizeof first), "connect");
        must(sendto(s, "seen", 4, 0, (void *)&to, sizeof to), "sendto");
    } else if (!strcmp(how, "bindfrom")) { /* connect from a bound port by a dup of the socket in a child */
        int s = must(socket(AF_INET, SOCK_STREAM, 0), "socket"), d = dup(s);
        if (!must(fork(), "fork")) _exit(connect(d, (void *)&to, sizeof to) || write(s, "seen", 4) != 4);
        wait(NULL);
    } else if (!strcmp(how, "shortaddr")) { /* an address with bytes behind it, and one too short */
        char big[128] = {0};
        memcpy(big, &to, sizeof to);
        int s = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
        if (connect(s, (void *)big, 4) != -1) die("short address accepted");
        must(connect(s, (void *)big, sizeof big), "connect");
        must(write(s, "seen", 4), "write");
    } else if (!strcmp(how, "execloop")) { /* a program that becomes itself a hundred times */
        int n = argc > 3 ? atoi(argv[3]) : 100;
        char next[16];
        snprintf(next, sizeof next, "%d", n - 1);
        if (n) execl("/proc/self/exe", "more", dir, how, next, (char *)NULL), die("execl");
        return in_child(NULL);
    } else if (!strcmp(how, "execfail")) { /* an exec that fails after the image was looked at: the process lives on */
        put(in(dir, "bad"), "\x7f" "ELF and nothing");
        chmod(in(dir, "bad"), 0755);
        execl(in(dir, "bad"), "bad", (char *)NULL);
        return in_child(NULL);
    } else if (!strcmp(how, "lastclose")) { /* unlinked while open, linked back by /proc/self/fd */
        int fd = must(open(in(dir, "t"), O_CREAT | O_RDWR, 0644), "open");
        must(write(fd, "back again", 10), "write");
        must(rename(in(dir, "t"), in(dir, "u")), "rename");
        must(rename(in(dir, "u"), in(dir, "canary")), "rename");
    } else if (!strcmp(how, "bigname")) { /* 4095 bytes of name that lead to the directory next door */
        char *p = malloc(5000);
        int n = sprintf(p, "%s", dir);
        while (n < 4080) p[n++] = '/';
        strcpy(p + n, "canary");
        must(mkdir(p, 0755), "mkdir");
    } else if (!strcmp(how, "truncfd")) { /* written by truncating a descriptor opened for writing by another process */
        int fd = must(open(in(dir, "canary"), O_CREAT | O_RDWR, 0644), "open");
        if (!must(fork(), "fork")) _exit(ftruncate(fd, 10000) != 0);
        wait(NULL);
    }
    return 0;
}
