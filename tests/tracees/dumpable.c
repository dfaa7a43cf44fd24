/* B11: after PR_SET_DUMPABLE 0 nobody without privilege can read our memory; the act goes on. */
#include "tracee.h"
int main(int argc, char **argv) {
    if (prctl(PR_SET_DUMPABLE, 0)) die("PR_SET_DUMPABLE");
    canary(argv[1]);
    return 0;
}
