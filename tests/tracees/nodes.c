/* E18, E22: files that block or act when opened. argv[2]: fifo, socket, tty, block, loop. */
#include "tracee.h"
#include <sys/sysmacros.h>
#include <sys/un.h>
int main(int argc, char **argv) {
    char *how = argv[2], *node = in(argv[1], "node");
    struct stat st;
    if (!strcmp(how, "fifo")) {
        char c;
        must(mkfifo(node, 0644), "mkfifo");
        pid_t pid = must(fork(), "fork");
        if (!pid) nap(200), _exit(write(open(node, O_WRONLY), "x", 1) != 1);
        must(read(must(open(node, O_RDONLY), "open"), &c, 1), "read");
        reap(pid);
    } else if (!strcmp(how, "socket")) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        must(chdir(argv[1]), "chdir");
        strcpy(a.sun_path, "node");
        must(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, sizeof a), "bind");
        if (open(node, O_RDONLY) != -1 || errno != ENXIO) die("open of a socket");
    } else if (!strcmp(how, "tty")) {
        must(open("/dev/ptmx", O_RDWR | O_NOCTTY), "ptmx");
    } else if (!strcmp(how, "block")) {
        char buf[512];
        must(stat("/", &st), "stat");
        if (mknod(node, S_IFBLK | 0600, st.st_dev)) die("mknod");
        int fd = open(node, O_RDONLY);
        if (fd < 0) quit(errno == ENXIO ? 77 : 1, "open of the block device");
        must(read(fd, buf, sizeof buf), "read");
    } else {
        must(open("/dev/loop-control", O_RDWR), "/dev/loop-control");
    }
    canary(argv[1]);
    return 0;
}
