/* Small seccomp filters: one action for one call number, allow for the rest. */
#ifndef BPF_H
#define BPF_H
#include "tracee.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
/* Installs a filter that answers `action` to call `nr`; returns what seccomp(2) did (the listener with NEW_LISTENER). */
static inline long filter_call(unsigned nr, unsigned action, unsigned flags) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = {4, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}
#endif
