/* E02-E05, E14, E15, E17, E19: contents that change without a write call, or behind a digest. argv[2] says how; the file is canary. */
#include "tracee.h"
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
int main(int argc, char **argv) {
    char *how = argv[2], *path = in(argv[1], "canary"), *src = in(argv[1], "src"), buf[64];
    struct stat st;
    put(src, "the copied content");
    int from = must(open(src, O_RDONLY), "src"), fd = must(open(path, O_CREAT | O_RDWR, 0644), "open");
    if (!strcmp(how, "mmap")) {
        must(ftruncate(fd, 4096), "ftruncate");
        char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        strcpy(p, "early");
        close(fd);
        close(must(open(path, O_RDONLY), "read back"));
        nap(50);
        strcpy(p, "later than close");
        nap(50);
    } else if (!strcmp(how, "cfr")) {
        must(copy_file_range(from, NULL, fd, NULL, 18, 0), how);
    } else if (!strcmp(how, "sendfile")) {
        must(sendfile(fd, from, NULL, 18), how);
    } else if (!strcmp(how, "splice")) {
        int p[2];
        must(pipe(p), "pipe");
        must(splice(from, NULL, p[1], NULL, 18, 0), how);
        must(splice(p[0], NULL, fd, NULL, 18, 0), how);
    } else if (!strcmp(how, "clone")) {
        if (ioctl(fd, FICLONE, from)) skip("FICLONE");
    } else if (!strcmp(how, "punch")) {
        must(write(fd, "to be punched", 13), "write");
        if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 13)) skip("punch hole");
    } else if (!strcmp(how, "timestomp")) {
        must(write(fd, "good", 4), "write");
        fstat(fd, &st);
        close(must(open(path, O_RDONLY), "read"));
        must(pwrite(fd, "evil", 4, 0), "rewrite");
        struct timespec t[2] = {st.st_atim, st.st_mtim};
        must(futimens(fd, t), "futimens");
        close(must(open(path, O_RDONLY), "read"));
    } else if (!strcmp(how, "sametick")) {
        for (int i = 0; i < 200; i++) {
            snprintf(buf, sizeof buf, "%04d", i);
            int w = must(open(path, O_WRONLY), "open"), r;
            must(pwrite(w, buf, 4, 0), "write");
            close(w);
            r = must(open(path, O_RDONLY), "read");
            close(r);
        }
    } else if (!strcmp(how, "sparse")) {
        if (ftruncate(fd, 1LL << 42)) skip("a file of 4 TiB");
    } else if (!strcmp(how, "growing")) {
        pid_t pid = must(fork(), "fork");
        if (!pid) for (int i = 0; i < 400; i++, usleep(2500)) must(write(fd, "more and more and more\n", 23), "write");
        if (!pid) _exit(0);
        close(must(open(path, O_RDONLY), "read"));
    }
    return 0;
}
