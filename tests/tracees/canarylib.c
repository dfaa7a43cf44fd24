/* A library whose loading is the act: it makes $CANARY. */
#include "tracee.h"
__attribute__((constructor)) static void act(void) {
    const char *p = getenv("CANARY");
    if (p) mkdir(p, 0755);
}
