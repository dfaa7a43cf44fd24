/* F03-F07, I: says "seen" to somebody outside. argv[2]: unix PATH, abstract NAME, dgram PATH, fifo PATH, tcp PORT, udp PORT. */
#include "tracee.h"
#include <arpa/inet.h>
#include <sys/un.h>
int main(int argc, char **argv) {
    char *how = argv[2], *where = argv[3];
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    struct sockaddr_in i = {.sin_family = AF_INET, .sin_port = htons(atoi(where)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd;
    if (!strcmp(how, "fifo")) {
        fd = must(open(where, O_WRONLY), where);
    } else if (!strcmp(how, "tcp") || !strcmp(how, "udp")) {
        fd = must(socket(AF_INET, *how == 't' ? SOCK_STREAM : SOCK_DGRAM, 0), "socket");
        if (connect(fd, (void *)&i, sizeof i)) die("connect");
    } else {
        int skip_nul = !strcmp(how, "abstract");
        strncpy(u.sun_path + skip_nul, where, sizeof u.sun_path - 2);
        fd = must(socket(AF_UNIX, !strcmp(how, "dgram") ? SOCK_DGRAM : SOCK_STREAM, 0), "socket");
        if (connect(fd, (void *)&u, offsetof(struct sockaddr_un, sun_path) + strlen(where) + 1 - (skip_nul ? 0 : 0))) die("connect");
    }
    if (write(fd, "seen", 4) != 4) die("write");
    return 0;
}
