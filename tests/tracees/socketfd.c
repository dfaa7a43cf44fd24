/* I07: `PORT PROG ARG...` runs PROG with a connected TCP socket as descriptor 0. */
#include "tracee.h"
#include <arpa/inet.h>
int main(int argc, char **argv) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int s = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    must(connect(s, (void *)&to, sizeof to), "connect");
    must(dup2(s, 0), "dup2");
    close(s);
    execv(argv[2], argv + 2);
    die("execv");
}
