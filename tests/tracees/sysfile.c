/* F10, F14: writes back to a control file of the kernel what stands there (so nothing changes). argv[2] the file. */
#include "tracee.h"
int main(int argc, char **argv) {
    char buf[4096] = {0}, *name = argv[2];
    int cgroup = !strcmp(name, "cgroup");
    if (cgroup) {
        FILE *f = fopen("/proc/self/cgroup", "r");
        char line[1024], *p;
        static char file[2048];
        while (f && fgets(line, sizeof line, f))
            if (!strncmp(line, "0::", 3)) {
                line[strcspn(line, "\n")] = 0;
                p = access("/sys/fs/cgroup/unified", F_OK) ? "" : "/unified";
                snprintf(file, sizeof file, "/sys/fs/cgroup%s%s/cgroup.procs", p, line + 3);
            }
        name = file;
        strcpy(buf, "0");
    } else {
        int fd = open(name, O_RDONLY);
        if (fd < 0 || read(fd, buf, sizeof buf - 1) < 0) skip(name);
        close(fd);
    }
    int fd = open(name, O_WRONLY);
    if (fd < 0) die(name);
    printf("file %s\n", name);
    if (write(fd, buf, strlen(buf)) < 0) die("write");
    return 0;
}
