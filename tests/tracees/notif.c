/* A01: a listener of the child's own answers "continue" before any tracer is asked. */
#include "bpf.h"
#include <sys/ioctl.h>
static int listener = -1;
static void *answer(void *arg) {
    struct seccomp_notif req;
    struct seccomp_notif_resp resp;
    while (__atomic_load_n(&listener, __ATOMIC_ACQUIRE) < 0) nap(1);
    memset(&req, 0, sizeof req);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &req)) return NULL;
    memset(&resp, 0, sizeof resp);
    resp.id = req.id;
    resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
    return NULL;
}
int main(int argc, char **argv) {
    char *path = in(argv[1], "canary");
    thread(answer, NULL);
    int fd = filter_call(SYS_mkdir, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    if (fd < 0) die("seccomp NEW_LISTENER");
    __atomic_store_n(&listener, fd, __ATOMIC_RELEASE);
    if (syscall(SYS_mkdir, path, 0755)) die("mkdir");
    return 0;
}
