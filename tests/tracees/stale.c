/* R12: an address that was the step's once, or seems to be, is somebody else's now. `serve DIR PROG...` runs PROG beside a
   process outside that waits for DIR/wanted, a line "HOW WHAT", binds what it says, makes DIR/ready, and writes what it hears to
   DIR/heard. argv[2] else names the way. */
#include "tracee.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <mqueue.h>
#include <net/if.h>
#include <sys/mount.h>
#include <sys/un.h>
static char *dir, *how;
static int is(const char *name) { return !strcmp(how, name); }
static void until(const char *name) {
    struct stat st;
    for (int i = 0; i < 1000 && (stat(in(dir, name), &st) || !st.st_size); i++) nap(10);
}
static struct sockaddr_in local(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}
static struct sockaddr_un named(const char *name, socklen_t *n) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path + (*name == '@'), name + (*name == '@'), sizeof a.sun_path - 2);
    *n = offsetof(struct sockaddr_un, sun_path) + strlen(name) + (*name != '@');
    return a;
}
/* What is asked for, bound; how many bytes came, -1 for a stream that is still to be accepted. */
static int bound(int type, const char *what) {
    int s, one = 1;
    if (*what == '@' || *what == '/') {
        socklen_t n;
        struct sockaddr_un a = named(what, &n);
        s = must(socket(AF_UNIX, type, 0), "socket");
        must(bind(s, (void *)&a, n), what);
    } else {
        struct sockaddr_in a = local(atoi(what));
        s = must(socket(AF_INET, type, 0), "socket");
        must(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
        must(bind(s, (void *)&a, sizeof a), what);
    }
    if (type == SOCK_STREAM) must(listen(s, 9), "listen");
    return s;
}
static int serve(char **argv) {
    char line[512] = "", way[16], what[300], text[64];
    ssize_t n;
    dir = argv[2];
    beside(argv + 3);
    until("wanted");
    int fd = must(open(in(dir, "wanted"), O_RDONLY), "wanted");
    must(read(fd, line, sizeof line - 1), "wanted");
    if (sscanf(line, "%15s %299s", way, what) != 2) die("wanted");
    int stream = !strcmp(way, "stream");
    if (!strcmp(way, "fifo")) {
        must(mkfifo(what, 0666), what), chmod(what, 0666);
        put(in(dir, "ready"), "yes");
        fd = must(open(what, O_RDONLY), what);
        n = read(fd, text, sizeof text);
    } else if (!strcmp(way, "queue")) {
        struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = sizeof text};
        umask(0);
        mqd_t q = must(mq_open(what, O_RDONLY | O_CREAT | O_EXCL, 0666, &attr), what);
        put(in(dir, "ready"), "yes");
        n = mq_receive(q, text, sizeof text, NULL);
        mq_unlink(what);
    } else {
        fd = bound(stream ? SOCK_STREAM : SOCK_DGRAM, what);
        if (*what == '/') chmod(what, 0666);
        put(in(dir, "ready"), "yes");
        n = read(stream ? accept(fd, NULL, NULL) : fd, text, sizeof text);
    }
    if (n > 0) text[n] = 0, put(in(dir, "heard"), text);
    for (;;) pause();
    return 0;
}
static void ask(const char *way, const char *what) {
    char line[512];
    snprintf(line, sizeof line, "%s %s", way, what);
    put(in(dir, "asked"), line);
    must(rename(in(dir, "asked"), in(dir, "wanted")), "rename");
    until("ready");
}
/* Ours for a moment, then somebody else's. */
static int had(void) {
    char number[16], *name = is("path") ? in(dir, "s") : number;
    int type = is("tcp") || is("reuse") ? SOCK_STREAM : SOCK_DGRAM, unix_ = is("path") || is("abstract"), one = 1, s;
    struct sockaddr_in a = local(0);
    struct sockaddr_un u;
    socklen_t n = sizeof a;
    void *to = &a;
    if (is("abstract")) snprintf(number, sizeof number, "%d", getpid()), name = in("@stale", number);
    if (unix_) u = named(name, &n), to = &u;
    s = must(socket(unix_ ? AF_UNIX : AF_INET, type, 0), "socket");
    if (is("reuse")) must(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), "SO_REUSEADDR");
    must(bind(s, to, n), "bind");
    if (!unix_) must(getsockname(s, to, &n), "getsockname"), snprintf(number, sizeof number, "%d", ntohs(a.sin_port));
    if (is("tcp")) must(listen(s, 1), "listen");
    if (!is("reuse")) close(s); /* reuse: it stays bound, and somebody else listens */
    if (is("path")) unlink(name);
    ask(type == SOCK_STREAM ? "stream" : "datagram", name);
    s = must(socket(unix_ ? AF_UNIX : AF_INET, type, 0), "socket");
    if (is("udpto")) must(sendto(s, "seen", 4, 0, to, n), "sendto");
    else must(connect(s, to, n), "connect"), must(write(s, "seen", 4), "write");
    until("heard");
    return 0;
}
static int files(void) {
    char name[64];
    if (is("fifo")) {
        must(mkfifo(in(dir, "f"), 0666), "mkfifo"), must(unlink(in(dir, "f")), "unlink");
        ask("fifo", in(dir, "f"));
        must(write(must(open(in(dir, "f"), O_WRONLY), "open"), "seen", 4), "write");
    } else {
        struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 64};
        snprintf(name, sizeof name, "/sekisho-stale-%d", getpid());
        must(mq_open(name, O_RDWR | O_CREAT, 0600, &attr), "mq_open"), must(mq_unlink(name), "mq_unlink");
        ask("queue", name);
        must(mq_send(must(mq_open(name, O_WRONLY), "mq_open"), "seen", 4, 0), "mq_send");
    }
    until("heard");
    return 0;
}
/* This machine by another address than loopback's: from a loopback address, and by a datagram without a connection. */
static int outer(int port) {
    struct ifaddrs *all, *i;
    struct sockaddr_in from = local(0), to;
    must(getifaddrs(&all), "getifaddrs");
    for (i = all; i; i = i->ifa_next)
        if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && !(i->ifa_flags & IFF_LOOPBACK) && i->ifa_flags & IFF_UP) break;
    if (!i) skip("no address");
    to = *(struct sockaddr_in *)i->ifa_addr, to.sin_port = htons(port);
    int s = must(socket(AF_INET, is("source") ? SOCK_STREAM : SOCK_DGRAM, 0), "socket");
    if (is("source")) must(bind(s, (void *)&from, sizeof from), "bind"), must(connect(s, (void *)&to, sizeof to), "connect"), must(write(s, "seen", 4), "write");
    else must(sendto(s, "seen", 4, 0, (void *)&to, sizeof to), "sendto");
    return 0;
}
/* A queue of somebody else's, opened as the file that it is where they are mounted. */
static int queue_file(void) {
    must(mkdir(in(dir, "q"), 0755), "q");
    if (mount("none", in(dir, "q"), "mqueue", 0, NULL)) skip("mqueue");
    int q = must(open(in(in(dir, "q"), getenv("HEAR_QUEUE") + 1), O_WRONLY), "open");
    must(mq_send(q, "do", 2, 0), "mq_send");
    for (int i = 0; i < 500 && access(in(dir, "canary"), F_OK); i++) nap(10);
    umount(in(dir, "q"));
    return 0;
}
int main(int argc, char **argv) {
    dir = argv[1], how = argv[2];
    if (!strcmp(dir, "serve")) { how = "serve"; return serve(argv); }
    if (is("queuefile")) return queue_file();
    if (is("source") || is("outergram")) return outer(atoi(argv[3]));
    if (is("fifo") || is("queue")) return files();
    return had();
}
