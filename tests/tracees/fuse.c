/* B16, E20: a file system served by the step itself. argv[2]:
   slow  the name of an act lies in a page of it, and each read takes a second
   acts  before it answers anything it opens a file itself, as one that passes files through does
   names the same, and its file is opened in a way that the recorder has to look its name up before
   lie   its file has other content at every read; the step copies it */
#include "tracee.h"
#include <linux/fuse.h>
#include <sys/mount.h>
static char *dir;
static int reads, acts;
static void answer(int fd, uint64_t unique, int error, const void *data, size_t n) {
    char buf[8192];
    struct fuse_out_header h = {sizeof h + n, error, unique};
    memcpy(buf, &h, sizeof h);
    if (n) memcpy(buf + sizeof h, data, n);
    write(fd, buf, sizeof h + n);
}
static void serve(int fd, int slow) {
    char buf[65536 + 4096], page[4096];
    struct fuse_attr file = {.ino = 2, .size = 4096, .mode = S_IFREG | 0644, .nlink = 1}, root = {.ino = 1, .mode = S_IFDIR | 0755, .nlink = 2};
    while (read(fd, buf, sizeof buf) > 0) {
        struct fuse_in_header *h = (void *)buf;
        if (acts) close(open("/etc/passwd", O_RDONLY));
        struct fuse_entry_out entry = {.nodeid = 2, .attr = file};
        struct fuse_attr_out attr = {.attr = h->nodeid == 1 ? root : file};
        struct fuse_open_out open_ = {.fh = 1};
        struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = 4096};
        memset(page, 0, sizeof page);
        if (h->opcode == FUSE_INIT) answer(fd, h->unique, 0, &init, sizeof init);
        else if (h->opcode == FUSE_LOOKUP) answer(fd, h->unique, 0, &entry, sizeof entry);
        else if (h->opcode == FUSE_GETATTR) answer(fd, h->unique, 0, &attr, sizeof attr);
        else if (h->opcode == FUSE_OPEN) answer(fd, h->unique, 0, &open_, sizeof open_);
        else if (h->opcode == FUSE_READ) {
            if (slow) nap(1000), snprintf(page, sizeof page, "%s/canary", dir);
            else snprintf(page, sizeof page, "content %d\n", ++reads);
            answer(fd, h->unique, 0, page, sizeof page);
        } else if (h->opcode != FUSE_FORGET) answer(fd, h->unique, h->opcode == FUSE_FLUSH || h->opcode == FUSE_RELEASE ? 0 : -ENOSYS, NULL, 0);
    }
    _exit(0);
}
int main(int argc, char **argv) {
    dir = argv[1];
    int names = !strcmp(argv[2], "names");
    acts = names || !strcmp(argv[2], "acts");
    int slow = !strcmp(argv[2], "slow"), fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    char opts[128], *mnt = in(dir, "mnt");
    if (fd < 0) quit(errno == ENOENT || errno == EACCES ? 77 : 1, "/dev/fuse");
    snprintf(opts, sizeof opts, "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
    must(mkdir(mnt, 0755), "mnt");
    if (mount("fuse", mnt, "fuse", MS_NOSUID | MS_NODEV, opts)) die("mount");
    pid_t pid = must(fork(), "fork");
    if (!pid) serve(fd, slow);
    int f = must(open(in(mnt, "f"), names ? O_RDWR | O_CREAT : O_RDONLY, 0600), "open in mount"), rc = 0;
    if (slow) {
        char *name = mmap(0, 4096, PROT_READ, MAP_PRIVATE, f, 0);
        rc = syscall(SYS_mkdir, name, 0755);
    } else {
        char buf[4096];
        must(read(f, buf, sizeof buf), "read");
        put(in(dir, "canary"), buf);
    }
    close(f);
    umount2(mnt, MNT_DETACH);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return rc != 0;
}
