/* I08: listens, and somebody connects and takes data. argv[2]: tcp, unix. Prints the port. */
#include "tracee.h"
#include <arpa/inet.h>
#include <sys/un.h>
int main(int argc, char **argv) {
    int in_ = !strcmp(argv[2], "tcp");
    struct sockaddr_in i = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un u = {.sun_family = AF_UNIX, .sun_path = "canary"};
    void *addr = in_ ? (void *)&i : (void *)&u;
    socklen_t n = in_ ? sizeof i : sizeof u;
    char buf[4];
    must(chdir(argv[1]), "chdir");
    int l = must(socket(in_ ? AF_INET : AF_UNIX, SOCK_STREAM, 0), "socket");
    must(bind(l, addr, n), "bind");
    must(listen(l, 1), "listen");
    if (in_) getsockname(l, addr, &n), printf("port %d\n", ntohs(i.sin_port)), fflush(stdout);
    pid_t pid = must(fork(), "fork");
    if (!pid) {
        int s = socket(in_ ? AF_INET : AF_UNIX, SOCK_STREAM, 0);
        if (in_) {
            struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000007)};
            must(bind(s, (void *)&from, sizeof from), "bind client");
        }
        must(connect(s, addr, n), "connect");
        _exit(read(s, buf, 4) != 4);
    }
    int c = must(argc > 3 ? accept(l, NULL, NULL) : accept4(l, NULL, NULL, SOCK_CLOEXEC), "accept");
    must(write(c, "data", 4), "write");
    reap(pid);
    return 0;
}
