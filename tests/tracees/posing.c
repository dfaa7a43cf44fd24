/* R12: what the step has itself bound by one name does not make somebody else's the step's own. `serve FILE PROG...`: a server
   outside at 127.0.0.1 and a port ($PORT), by TCP and UDP, that writes what it hears to FILE. argv[2] else names the way. */
#include "tracee.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/un.h>
static struct sockaddr_in at(const char *address, int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &a.sin_addr);
    return a;
}
static struct sockaddr_un by(const char *name) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path + (*name == '@'), name + (*name == '@'), sizeof a.sun_path - 2);
    return a;
}
static socklen_t length(const char *name) { return offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@'); }
static void *datagrams(void *arg) {
    int *s = arg;
    char text[64];
    ssize_t n;
    while ((n = recv(s[0], text, sizeof text, 0)) > 0) must(write(s[1], text, n), "write");
    return NULL;
}
static int serve(char **argv) {
    static int udp[2];
    struct sockaddr_in a = at("127.0.0.1", 0);
    socklen_t n = sizeof a;
    char port[16], text[64];
    int out = must(open(argv[2], O_CREAT | O_WRONLY | O_APPEND, 0666), argv[2]), s;
    for (;;) { /* a port that is free for both */
        a.sin_port = 0;
        s = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
        must(bind(s, (void *)&a, sizeof a), "bind"), must(listen(s, 9), "listen"), must(getsockname(s, (void *)&a, &n), "getsockname");
        udp[0] = must(socket(AF_INET, SOCK_DGRAM, 0), "socket"), udp[1] = out;
        if (!bind(udp[0], (void *)&a, sizeof a)) break;
        close(s), close(udp[0]);
    }
    snprintf(port, sizeof port, "%d", ntohs(a.sin_port)), setenv("PORT", port, 1);
    beside(argv + 3);
    thread(datagrams, udp);
    for (;;) {
        int c = accept(s, NULL, NULL);
        ssize_t got = c < 0 ? 0 : read(c, text, sizeof text);
        if (got > 0) must(write(out, text, got), "write");
        if (c >= 0) close(c);
    }
    return 0;
}
static void heard(const char *dir) {
    struct stat st = {0};
    for (int i = 0; i < 150 && (stat(in(dir, "heard"), &st) || !st.st_size); i++) nap(20);
}
static int say(int family, int type, void *a, socklen_t n) {
    int s = must(socket(family, type, 0), "socket");
    must(connect(s, a, n), "connect");
    return must(write(s, "seen", 4), "write") != 4;
}
static void up(void) {
    struct ifreq r = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    must(ioctl(must(socket(AF_INET, SOCK_DGRAM, 0), "socket"), SIOCSIFFLAGS, &r), "lo up");
}
/* A child in namespaces of its own binds what `name` or `port` says, and holds it until we end. */
static void bound_elsewhere(int flags, const char *name, int port, int *keep) {
    int told[2], s;
    char byte;
    must(pipe(told), "pipe");
    if (!must(syscall(SYS_clone, (keep ? CLONE_FILES : 0) | SIGCHLD, 0, 0, 0, 0), "clone")) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        private_view(flags);
        if (name) {
            struct sockaddr_un a = by(name);
            if (*name == '/' && mount("none", strndup(name, strrchr(name, '/') - name), "tmpfs", 0, NULL)) die("tmpfs");
            s = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
            must(bind(s, (void *)&a, length(name)), "bind elsewhere");
        } else {
            struct sockaddr_in a = at("127.0.0.1", port);
            up();
            s = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
            if (!keep) must(bind(s, (void *)&a, sizeof a), "bind elsewhere");
        }
        if (keep) *keep = s;
        else must(listen(s, 1), "listen");
        must(write(told[1], &s, sizeof s), "tell");
        pause();
    }
    must(read(told[0], keep ? (void *)keep : &byte, keep ? sizeof *keep : 1), "hear");
}
int main(int argc, char **argv) {
    char *dir = argv[1], *how = argv[2];
    if (!strcmp(dir, "serve")) return serve(argv);
    int port = getenv("PORT") ? atoi(getenv("PORT")) : 0, one = 1, s;
    struct sockaddr_in server = at("127.0.0.1", port), other = at("127.0.0.2", port);
    if (!strcmp(how, "address") || !strcmp(how, "datagram")) { /* the same port of another address */
        int type = *how == 'a' ? SOCK_STREAM : SOCK_DGRAM;
        must(bind(s = must(socket(AF_INET, type, 0), "socket"), (void *)&other, sizeof other), "bind");
        if (type == SOCK_STREAM) must(listen(s, 1), "listen");
        say(AF_INET, type, &server, sizeof server);
    } else if (!strcmp(how, "sendto")) {
        must(bind(s = must(socket(AF_INET, SOCK_DGRAM, 0), "socket"), (void *)&other, sizeof other), "bind");
        must(sendto(s, "seen", 4, 0, (void *)&server, sizeof server), "sendto");
    } else if (!strcmp(how, "v6only")) { /* every address, but of the other family */
        struct sockaddr_in6 all = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
        if ((s = socket(AF_INET6, SOCK_STREAM, 0)) < 0) skip("IPv6");
        must(setsockopt(s, IPPROTO_IPV6, 26, &one, sizeof one), "IPV6_V6ONLY");
        if (bind(s, (void *)&all, sizeof all)) skip("IPv6 bind");
        must(listen(s, 1), "listen");
        say(AF_INET, SOCK_STREAM, &server, sizeof server);
    } else if (!strcmp(how, "network")) { /* the same address and port in another network namespace */
        bound_elsewhere(CLONE_NEWNET, NULL, port, NULL);
        say(AF_INET, SOCK_STREAM, &server, sizeof server);
    } else if (!strcmp(how, "handed")) { /* the same, bound by us, on a socket that was made there */
        bound_elsewhere(CLONE_NEWNET, NULL, port, &s);
        must(bind(s, (void *)&server, sizeof server), "bind");
        say(AF_INET, SOCK_STREAM, &server, sizeof server);
    } else if (!strcmp(how, "path") || !strcmp(how, "abstract")) { /* the same name in another namespace */
        struct sockaddr_un a = by(argv[3]);
        bound_elsewhere(*how == 'p' ? CLONE_NEWNS : CLONE_NEWNET, argv[3], 0, NULL);
        return say(AF_UNIX, SOCK_STREAM, &a, length(argv[3]));
    } else if (!strcmp(how, "renamed") || !strcmp(how, "renamedgram")) { /* the socket of somebody else, moved to where ours was */
        int type = how[7] ? SOCK_DGRAM : SOCK_STREAM;
        char *name = in(dir, "s");
        struct sockaddr_un a = by(name);
        must(bind(must(socket(AF_UNIX, type, 0), "socket"), (void *)&a, length(name)), "bind");
        must(rename(argv[3], name), "rename");
        return say(AF_UNIX, type, &a, length(name));
    } else if (!strcmp(how, "outer")) { /* this machine, by another address than loopback's */
        struct ifaddrs *all, *i;
        must(getifaddrs(&all), "getifaddrs");
        for (i = all; i; i = i->ifa_next)
            if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && !(i->ifa_flags & IFF_LOOPBACK) && i->ifa_flags & IFF_UP) break;
        if (!i) skip("no address");
        server = *(struct sockaddr_in *)i->ifa_addr;
        server.sin_port = htons(atoi(argv[3]));
        return say(AF_INET, SOCK_STREAM, &server, sizeof server);
    } else if (!strcmp(how, "own")) { /* control: this one is the step's own, whoever answers */
        char *name = in(dir, "s");
        struct sockaddr_un a = by(name);
        s = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
        must(bind(s, (void *)&a, length(name)), "bind"), must(listen(s, 1), "listen");
        if (!must(fork(), "fork")) _exit(say(AF_UNIX, SOCK_STREAM, &a, length(name)));
        other.sin_port = 0;
        socklen_t n = sizeof other;
        int t = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
        must(bind(t, (void *)&other, sizeof other), "bind"), must(listen(t, 1), "listen"), must(getsockname(t, (void *)&other, &n), "name");
        say(AF_INET, SOCK_STREAM, &other, sizeof other);
        wait(NULL);
        canary(dir);
        return 0;
    } else quit(2, "no such way");
    heard(dir);
    return 0;
}
