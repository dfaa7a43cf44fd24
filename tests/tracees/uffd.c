/* B15: the name lies in a page that answers only after two seconds (userfaultfd). */
#include "tracee.h"
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
static int uffd;
static char *page, *src;
static void *serve(void *arg) {
    struct uffd_msg msg;
    if (read(uffd, &msg, sizeof msg) != sizeof msg) return NULL;
    nap(2000);
    struct uffdio_copy c = {.dst = (uintptr_t)page, .src = (uintptr_t)src, .len = 4096};
    ioctl(uffd, UFFDIO_COPY, &c);
    return NULL;
}
int main(int argc, char **argv) {
    uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
    if (uffd < 0) die("userfaultfd");
    struct uffdio_api api = {.api = UFFD_API};
    must(ioctl(uffd, UFFDIO_API, &api), "api");
    page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    src = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    strcpy(src, in(argv[1], "canary"));
    struct uffdio_register reg = {.range = {(uintptr_t)page, 4096}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    must(ioctl(uffd, UFFDIO_REGISTER, &reg), "register");
    thread(serve, NULL);
    if (syscall(SYS_mkdir, page, 0755)) die("mkdir");
    return 0;
}
