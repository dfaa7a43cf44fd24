/* I01-I13, I17-I22: "seen" to 127.0.0.1 (or what the way of sending makes of it). argv[2] says how, argv[3] is the port. */
#include "tracee.h"
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
static struct sockaddr_in to = {.sin_family = AF_INET};
static struct sockaddr_in6 to6 = {.sin6_family = AF_INET6};
static struct iovec io = {"seen", 4};
static int sock(int family, int type, int proto) {
    int s = socket(family, type, proto);
    if (s < 0) quit(errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT ? 1 : 1, "socket");
    return s;
}
static int say(int s, void *addr, socklen_t n) {
    if (connect(s, addr, n) && errno != EINPROGRESS) die("connect");
    nap(20);
    return send(s, "seen", 4, 0) != 4;
}
int main(int argc, char **argv) {
    char *how = argv[2], *dir = argv[1];
    struct msghdr m = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &io, .msg_iovlen = 1};
    int s, one = 1;
    to.sin_port = to6.sin6_port = htons(atoi(argv[3]));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!strcmp(how, "tcp")) return say(sock(AF_INET, SOCK_STREAM, 0), &to, sizeof to);
    if (!strcmp(how, "sendto")) return sendto(sock(AF_INET, SOCK_DGRAM, 0), "seen", 4, 0, (void *)&to, sizeof to) != 4;
    if (!strcmp(how, "sendmsg")) return sendmsg(sock(AF_INET, SOCK_DGRAM, 0), &m, 0) != 4;
    if (!strcmp(how, "nonblock")) return say(sock(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), &to, sizeof to);
    if (!strcmp(how, "fastopen")) {
        if (sendmsg(s = sock(AF_INET, SOCK_STREAM, 0), &m, MSG_FASTOPEN) != 4) die("sendmsg MSG_FASTOPEN");
        nap(50);
        return 0;
    }
    if (!strcmp(how, "fastsendto")) return sendto(sock(AF_INET, SOCK_STREAM, 0), "seen", 4, MSG_FASTOPEN, (void *)&to, sizeof to) != 4;
    if (!strcmp(how, "fastopt")) {
        must(setsockopt(s = sock(AF_INET, SOCK_STREAM, 0), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one, 4), "TCP_FASTOPEN_CONNECT");
        return say(s, &to, sizeof to);
    }
    if (!strcmp(how, "mptcp")) return say(sock(AF_INET, SOCK_STREAM, 262), &to, sizeof to);
    if (!strcmp(how, "udplite")) return sendto(sock(AF_INET, SOCK_DGRAM, 136), "seen", 4, 0, (void *)&to, sizeof to) != 4;
    if (!strcmp(how, "mapped")) return inet_pton(AF_INET6, "::ffff:127.0.0.1", &to6.sin6_addr), say(sock(AF_INET6, SOCK_STREAM, 0), &to6, sizeof to6);
    if (!strcmp(how, "any")) return to.sin_addr.s_addr = 0, say(sock(AF_INET, SOCK_STREAM, 0), &to, sizeof to);
    if (!strcmp(how, "any6")) return say(sock(AF_INET6, SOCK_STREAM, 0), &to6, sizeof to6);
    if (!strcmp(how, "retarget")) {
        struct sockaddr_in first = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x7f000002)};
        struct sockaddr none = {.sa_family = AF_UNSPEC};
        must(connect(s = sock(AF_INET, SOCK_DGRAM, 0), (void *)&first, sizeof first), "first");
        must(connect(s, &none, sizeof none), "AF_UNSPEC");
        return say(s, &to, sizeof to);
    }
    if (!strcmp(how, "splice")) {
        int p[2];
        must(connect(s = sock(AF_INET, SOCK_STREAM, 0), (void *)&to, sizeof to), "connect");
        must(pipe(p), "pipe");
        must(write(p[1], "seen", 4), "write");
        return splice(p[0], NULL, s, NULL, 4, 0) != 4;
    }
    if (!strcmp(how, "forked")) {
        must(connect(s = sock(AF_INET, SOCK_STREAM, 0), (void *)&to, sizeof to), "connect");
        pid_t pid = must(fork(), "fork");
        if (!pid) _exit(write(s, "seen", 4) != 4);
        reap(pid);
        return 0;
    }
    if (!strcmp(how, "multicast") || !strcmp(how, "broadcast")) {
        to.sin_addr.s_addr = htonl(*how == 'm' ? 0xe0000001 : 0x7fffffff);
        struct in_addr lo = {htonl(INADDR_LOOPBACK)};
        must(setsockopt(s = sock(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, SO_BROADCAST, &one, 4), "SO_BROADCAST");
        must(setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo), "IP_MULTICAST_IF");
        return sendto(s, "seen", 4, 0, (void *)&to, sizeof to) != 4;
    }
    if (!strcmp(how, "asks")) { /* RFC 1035, 4.2.2: a question to a name server over TCP, its length before it */
        const char query[] = "\0\x20\0\7\1\0\0\1\0\0\0\0\0\0\6secret\7example\0\0\1\0\1";
        must(connect(s = sock(AF_INET, SOCK_STREAM, 0), (void *)&to, sizeof to), "connect");
        return write(s, query, sizeof query - 1) != sizeof query - 1;
    }
    if (!strcmp(how, "front")) {
        const char request[] = "GET / HTTP/1.1\r\nHost: hidden.invalid\r\n\r\n";
        must(connect(s = sock(AF_INET, SOCK_STREAM, 0), (void *)&to, sizeof to), "connect");
        return write(s, request, sizeof request - 1) != sizeof request - 1;
    }
    if (!strcmp(how, "drop")) { /* what is in argv[4] goes to a server that everybody may talk to */
        char text[256];
        int n = must(read(must(open(argv[4], O_RDONLY), argv[4]), text, sizeof text), "read");
        must(connect(s = sock(AF_INET, SOCK_STREAM, 0), (void *)&to, sizeof to), "connect");
        return write(s, text, n) != n;
    }
    if (!strncmp(how, "by", 2)) { /* what says where a message goes stands beside it */
        char control[128] = {0};
        struct cmsghdr *c = (void *)control;
        if (!strcmp(how, "byroute")) { /* RFC 791: loose source route, by one host */
            const unsigned char route[] = {1, 131, 7, 4, 127, 0, 0, 1};
            c->cmsg_level = IPPROTO_IP, c->cmsg_type = IP_RETOPTS, c->cmsg_len = CMSG_LEN(sizeof route);
            memcpy(CMSG_DATA(c), route, sizeof route);
        } else if (!strcmp(how, "bymark")) {
            c->cmsg_level = SOL_SOCKET, c->cmsg_type = SO_MARK, c->cmsg_len = CMSG_LEN(4);
            memcpy(CMSG_DATA(c), &one, 4);
        } else quit(2, "no such way");
        m.msg_control = control, m.msg_controllen = CMSG_SPACE(c->cmsg_len - CMSG_LEN(0));
        must(sendmsg(sock(AF_INET, SOCK_DGRAM, 0), &m, 0), "sendmsg");
        return 0;
    }
    if (!strcmp(how, "options")) {
        must(setsockopt(s = sock(AF_INET, SOCK_STREAM, 0), IPPROTO_IP, IP_TOS, &one, 4), "IP_TOS");
        if (setsockopt(s, SOL_SOCKET, SO_MARK, &one, 4)) skip("SO_MARK");
        return say(s, &to, sizeof to);
    }
    if (!strcmp(how, "netns")) {
        struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
        private_view(CLONE_NEWNET);
        must(ioctl(sock(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &ifr), "lo up");
        int l = sock(AF_INET, SOCK_STREAM, 0);
        must(bind(l, (void *)&to, sizeof to), "bind");
        must(listen(l, 1), "listen");
        return say(sock(AF_INET, SOCK_STREAM, 0), &to, sizeof to);
    }
    (void)dir;
    quit(2, "no such way");
}
