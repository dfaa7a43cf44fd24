/* Beyond the catalogue, two steps at a time: argv[2] names the way, argv[3] an address outside where there is one. */
#include "tracee.h"
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/un.h>
static char *dir, *how, *arg;
static int is(const char *name) { return !strcmp(how, name); }
/* Programs: no arguments at all, megabytes of environment, an image whose name is gone or another, files by descriptors that the
   exec closes, a thread with a directory of its own. */
static void *elsewhere(void *a) {
    must(unshare(CLONE_FS), "unshare"), must(chdir(in(dir, "b")), "chdir");
    execl("./mk", "mk", dir, (char *)NULL);
    die("execl");
    return NULL;
}
static int programs(void) {
    char *copy = in(dir, "x"), *none[] = {NULL}, text[600];
    must(chdir(dir), "chdir");
    if (is("execnull")) must(syscall(SYS_execve, "/proc/self/exe", NULL, NULL), "execve");
    else if (is("envmega")) {
        char *env[25] = {0}, *words[] = {"mk", dir, NULL};
        for (int i = 0; i < 14; i++) memset(env[i] = calloc(1, 100001), 'A' + i, 100000), env[i][4] = '=';
        must(execve(sibling("mk"), words, env), "execve");
    } else if (is("exeunlink") || is("exerename")) {
        copy_file("/proc/self/exe", copy, 0755), copy_file(copy, in(dir, "kept"), 0755);
        if (!must(fork(), "fork")) execl(copy, "x", dir, is("exeunlink") ? "again-unlink" : "again-rename", (char *)NULL), die("execl");
        wait(NULL);
    } else if (!strncmp(how, "again", 5)) {
        if (is("again-unlink")) must(unlink(copy), "unlink");
        else must(rename(copy, in(dir, "y")), "rename");
        execl("/proc/self/exe", "x", dir, "made", (char *)NULL), die("execl");
    } else if (is("made") || !strncmp(how, "/proc/self/fd/", 14)) canary(dir);
    else if (is("scriptfd")) {
        snprintf(text, sizeof text, "#!%s %s\n", sibling("mixed"), dir);
        put(copy, "#!/proc/self/fd/9\n"), chmod(copy, 0755), put(in(dir, "second"), text), chmod(in(dir, "second"), 0755);
        must(dup3(must(open(in(dir, "second"), O_RDONLY), "open"), 9, O_CLOEXEC), "dup3");
        must(execve(copy, (char *[]){"x", NULL}, none), "execve");
    } else if (is("loaderfd")) {
        static const char LD[] = "/lib64/ld-linux-x86-64.so.2";
        copy_file(sibling("mk"), copy, 0755);
        int fd = must(open(copy, O_RDWR), "open");
        char *image = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *at = memmem(image, 16384, LD, sizeof LD);
        if (!at) skip("no PT_INTERP in the first pages");
        strcpy(at, "/proc/self/fd/9");
        munmap(image, 16384), close(fd);
        copy_file(LD, in(dir, "loader"), 0755);
        must(dup3(must(open(in(dir, "loader"), O_RDONLY), "open"), 9, O_CLOEXEC), "dup3");
        must(execve(copy, (char *[]){"x", dir, NULL}, none), "execve");
    } else if (is("threadexec")) {
        must(mkdir("b", 0755), "b"), copy_file(sibling("mk"), "b/mk", 0755);
        thread(elsewhere, NULL), pause();
    } else return 0;
    return 1;
}
static int unix_to(const char *name, socklen_t extra) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path, name, sizeof a.sun_path - 1);
    int s = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
    must(connect(s, (void *)&a, sizeof a), name);
    return must(write(s, "seen", 4), "write") != 4;
}
static void membership(int option, const void *value, socklen_t size, int level, int family) {
    int s = must(socket(family, SOCK_DGRAM, 0), "socket");
    if (setsockopt(s, level, option, value, size)) skip("no interface for it");
    char line[256];
    FILE *f = fopen(family == AF_INET ? "/proc/self/net/igmp" : "/proc/self/net/igmp6", "r");
    while (f && fgets(line, sizeof line, f))
        if (strstr(line, "630B0AEF") || strstr(line, "ff05000000000000000000000b0a6363")) canary(dir);
}
static int sockets(void) {
    if (is("unixlink")) {
        char *folder = strdup(arg);
        *strrchr(folder, '/') = 0;
        must(chdir(dir), "chdir"), must(symlink(folder, "l"), "symlink");
        unix_to(in("l", strrchr(arg, '/') + 1), 0);
    } else if (is("unixfd")) {
        char *folder = strdup(arg), name[100];
        *strrchr(folder, '/') = 0;
        snprintf(name, sizeof name, "/proc/self/fd/%d%s", (int)must(open(folder, O_PATH | O_DIRECTORY), folder), strrchr(arg, '/'));
        unix_to(name, 0);
    } else if (is("oddname")) { /* an abstract name with a NUL, a newline and an escape in it */
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        memcpy(a.sun_path, "\0odd\0\n\x1b[2K\xff", 12);
        int s = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket"), c = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket");
        must(bind(s, (void *)&a, 14), "bind"), must(listen(s, 1), "listen"), must(connect(c, (void *)&a, 14), "connect");
        canary(dir);
    } else if (is("group")) {
        struct ip_mreq m = {.imr_multiaddr.s_addr = inet_addr("239.10.11.99")};
        membership(IP_ADD_MEMBERSHIP, &m, sizeof m, IPPROTO_IP, AF_INET);
    } else if (is("group6")) {
        struct ipv6_mreq m = {0};
        inet_pton(AF_INET6, "ff05::b0a:6363", &m.ipv6mr_multiaddr);
        membership(IPV6_JOIN_GROUP, &m, sizeof m, IPPROTO_IPV6, AF_INET6);
    } else if (is("groupany")) {
        struct group_req m = {0};
        struct sockaddr_in *a = (void *)&m.gr_group;
        a->sin_family = AF_INET, a->sin_addr.s_addr = inet_addr("239.10.11.99");
        membership(MCAST_JOIN_GROUP, &m, sizeof m, IPPROTO_IP, AF_INET);
    } else return 0;
    return 1;
}
static void put_address(const char *text) {
    struct { struct nlmsghdr h; struct ifaddrmsg a; struct rtattr r; struct in_addr v; } m = {
        .h = {.nlmsg_len = sizeof m, .nlmsg_type = RTM_NEWADDR, .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK},
        .a = {.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = 1}, .r = {.rta_len = RTA_LENGTH(4), .rta_type = IFA_LOCAL}};
    m.v.s_addr = inet_addr(text);
    char answer[256];
    int s = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), "socket");
    must(write(s, &m, sizeof m), "write"), must(read(s, answer, sizeof answer), "read");
}
static int has_address(const char *text) {
    struct ifaddrs *all, *i;
    must(getifaddrs(&all), "getifaddrs");
    for (i = all; i; i = i->ifa_next)
        if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && ((struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr == inet_addr(text)) return 1;
    return 0;
}
static int machine(void) {
    char name[64];
    if (is("hostname")) {
        private_view(CLONE_NEWUTS);
        must(sethostname("inner", 5), "sethostname"), must(setdomainname("inside", 6), "setdomainname");
        must(gethostname(name, sizeof name), "gethostname"), puts(name);
    } else if (is("netlink")) {
        put_address("127.9.9.9");
        if (has_address("127.9.9.9")) canary(dir);
    } else if (is("interfaces")) {
        if (getuid() || !has_address("127.9.9.9")) getifaddrs(&(struct ifaddrs *){0});
        canary(dir);
    } else if (is("ownnet")) {
        private_view(CLONE_NEWNET);
        put_address("127.9.9.9");
        if (has_address("127.9.9.9")) canary(dir);
    } else return 0;
    return 1;
}
/* Calls that begin again with another name, and calls between stops. */
static char again[PATH_MAX];
static void on_alarm(int sig) { strcpy(again, in(dir, "x")); }
static int signals(void) {
    if (is("restarted")) {
        struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
        struct itimerval t = {.it_value.tv_usec = 100000, .it_interval.tv_usec = 100000};
        put(in(dir, "x"), "another"), must(mkfifo(in(dir, "f"), 0600), "mkfifo");
        strcpy(again, in(dir, "f"));
        sigaction(SIGALRM, &sa, NULL), setitimer(ITIMER_REAL, &t, NULL);
        int fd = must(open(again, O_RDONLY), "open");
        char text[16] = {0};
        setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
        must(read(fd, text, 7), "read");
        if (!strcmp(text, "another")) canary(dir);
    } else if (is("stopstorm")) {
        put(in(dir, "x"), "x");
        pid_t pid = must(fork(), "fork");
        if (!pid) {
            for (int i = 0; i < 40; i++) kill(getppid(), SIGSTOP), sched_yield(), kill(getppid(), SIGCONT), sched_yield();
            _exit(0);
        }
        int n = 0;
        while (!waitpid(pid, NULL, WNOHANG)) {
            int fd = open(in(dir, "x"), O_RDONLY);
            if (fd >= 0) n++, close(fd);
        }
        printf("opens %d\n", n);
    } else return 0;
    return 1;
}
static int files(void) {
    if (is("hardswap")) { /* the product is another file by the end, without a write to its name */
        put(in(dir, "out"), "first"), put(in(dir, "other"), "another by then");
        must(link(in(dir, "other"), in(dir, "l")), "link"), must(rename(in(dir, "l"), in(dir, "out")), "rename");
    } else if (is("scm")) { /* made in a child, written here by what the child has sent */
        int pair[2], fd = -1;
        char byte, control[CMSG_SPACE(sizeof fd)] = {0};
        struct iovec io = {&byte, 1};
        struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
        if (!must(fork(), "fork")) {
            struct cmsghdr *c = CMSG_FIRSTHDR(&m);
            fd = must(open(in(dir, "out"), O_CREAT | O_WRONLY, 0644), "open");
            c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
            memcpy(CMSG_DATA(c), &fd, sizeof fd);
            _exit(sendmsg(pair[1], &m, 0) != 1);
        }
        must(recvmsg(pair[0], &m, 0), "recvmsg"), wait(NULL);
        memcpy(&fd, CMSG_DATA((struct cmsghdr *)control), sizeof fd);
        must(write(fd, "by a descriptor that was sent", 29), "write");
    } else if (is("bindhome") || is("overlayhome")) { /* a view that is gone by the end */
        const char *names[] = {"b", "m", "work", "lower"};
        char text[4 * PATH_MAX];
        for (int i = 0; i < 4; i++) must(mkdir(in(dir, names[i]), 0755), names[i]);
        snprintf(text, sizeof text, "lowerdir=%s/lower,upperdir=%s/b,workdir=%s/work", dir, dir, dir);
        if (is("bindhome")) must(mount(in(dir, "b"), in(dir, "m"), NULL, MS_BIND, NULL), "bind");
        else if (mount("overlay", in(dir, "m"), "overlay", 0, text)) skip("overlay");
        put(in(dir, "m/canary"), "by another name");
        must(umount(in(dir, "m")), "umount");
    } else if (is("truncfd")) { /* what whoever runs us has open, emptied by a name that opens nothing */
        char name[64];
        for (int i = 3; i < 64; i++) snprintf(name, sizeof name, "/proc/%d/fd/%d", getppid(), i), truncate(name, 0), chmod(name, 0777);
        canary(dir);
    } else return 0;
    return 1;
}
int main(int argc, char **argv) {
    if (argc < 2) return mkdir("canary", 0755); /* execnull */
    dir = argv[1], how = argv[2], arg = argv[3];
    if (programs() || sockets() || machine() || signals() || files()) return 0;
    quit(2, "no such way");
}
