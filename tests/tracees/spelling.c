/* B10, C01: odd spellings of names; each makes a directory that must be recorded as what it is. */
#include "tracee.h"
int main(int argc, char **argv) {
    char *d = argv[1], longest[256];
    must(mkdir(in(d, "sub"), 0755), "sub");
    must(mkdir(in(d, "/.//sub/../one/"), 0755), "one");
    must(mkdir(in(d, "sub/./two//"), 0755), "two");
    must(chdir(in(d, "sub")), "chdir");
    must(mkdir("../three", 0755), "three");
    int fd = must(open(d, O_PATH | O_DIRECTORY), "open");
    must(mkdirat(fd, "four", 0755), "four");
    must(mkdirat(fd, "sub/../five", 0755), "five");
    memset(longest, 'l', 255), longest[255] = 0;
    must(mkdirat(fd, longest, 0755), "longest");
    symlink("sub", in(d, "link"));
    must(mkdir(in(d, "link/six"), 0755), "six");
    char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at = page + 4096 - 6;
    must(munmap(page + 4096, 4096), "munmap");
    memcpy(at, "seven", 6);
    must(mkdir(at, 0755), "seven, at the edge of a page");
    return 0;
}
