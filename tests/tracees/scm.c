/* E11: `give SOCKET FILE PROG ARG...`: a process outside the step that hands out a descriptor of FILE to whoever connects, then
   PROG. `take SOCKET HOW`: receives it by recvmsg or recvmmsg, and writes. */
#include "tracee.h"
#include <sys/un.h>
int main(int argc, char **argv) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char byte = 'x', control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec io = {&byte, 1};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control}};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m.msg_hdr);
    int s = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
    strncpy(a.sun_path, argv[2], sizeof a.sun_path - 1);
    if (!strcmp(argv[1], "give")) {
        must(bind(s, (void *)&a, sizeof a), "bind");
        chmod(argv[2], 0666);
        must(listen(s, 4), "listen");
        beside(argv + 4);
        int fd = must(open(argv[3], O_RDWR | O_CREAT, 0666), argv[3]);
        c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
        for (;;) sendmsg(accept(s, NULL, NULL), &m.msg_hdr, MSG_NOSIGNAL);
    }
    if (connect(s, (void *)&a, sizeof a)) die("connect");
    if (!strcmp(argv[3], "recvmsg")) must(recvmsg(s, &m.msg_hdr, 0), "recvmsg");
    else must(recvmmsg(s, &m, 1, 0, NULL), "recvmmsg");
    int fd;
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return write(fd, "by a received descriptor", 24) != 24;
}
