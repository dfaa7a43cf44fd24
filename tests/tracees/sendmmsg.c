/* B05, I02: one sendmmsg with 64 destinations 127.0.1.0 to 127.0.1.63 at the port argv[2]. */
#include "tracee.h"
#include <arpa/inet.h>
int main(int argc, char **argv) {
    struct mmsghdr m[64];
    struct sockaddr_in to[64];
    struct iovec io = {"seen", 4};
    memset(m, 0, sizeof m);
    for (int i = 0; i < 64; i++) {
        to[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
        to[i].sin_addr.s_addr = htonl(0x7f000100 + i);
        m[i].msg_hdr = (struct msghdr){.msg_name = &to[i], .msg_namelen = sizeof to[i], .msg_iov = &io, .msg_iovlen = 1};
    }
    int s = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
    int n = must(sendmmsg(s, m, 64, 0), "sendmmsg");
    printf("sent %d\n", n);
    return n != 64;
}
