/* D04-D06: code that no exec names. argv[2]: interp (a changed PT_INTERP), direct (ld.so PROGRAM), preload, dlopen (a memfd). */
#include "tracee.h"
#include <dlfcn.h>
#define LD "/lib64/ld-linux-x86-64.so.2"
int main(int argc, char **argv) {
    char *d = argv[1], *how = argv[2], *copy = in(d, "mk");
    must(chdir(d), "chdir");
    copy_file(sibling("mk"), copy, 0755);
    if (!strcmp(how, "interp")) {
        int fd = must(open(copy, O_RDWR), "open");
        char *image = mmap(0, 16384, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *at = memmem(image, 16384, LD, sizeof LD);
        if (!at) skip("no PT_INTERP in the first pages");
        strcpy(at, "./evil-ld");
        munmap(image, 16384);
        close(fd);
        copy_file(LD, in(d, "evil-ld"), 0755);
        execl(copy, "mk", d, (char *)NULL);
    } else if (!strcmp(how, "direct")) {
        execl(LD, "mk", copy, d, (char *)NULL);
    } else if (!strcmp(how, "preload")) {
        copy_file(sibling("canarylib.so"), in(d, "lib.so"), 0755);
        setenv("CANARY", in(d, "canary"), 1);
        setenv("LD_PRELOAD", in(d, "lib.so"), 1);
        execl(copy, "mk", d, "other", (char *)NULL);
    } else {
        char name[64], buf[65536];
        ssize_t n;
        int from = must(open(sibling("canarylib.so"), O_RDONLY), "lib"), fd = memfd_create("lib", 0);
        while ((n = read(from, buf, sizeof buf)) > 0) must(write(fd, buf, n), "write");
        setenv("CANARY", in(d, "canary"), 1);
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        if (!dlopen(name, RTLD_NOW)) die(dlerror());
        return 0;
    }
    die(how);
}
