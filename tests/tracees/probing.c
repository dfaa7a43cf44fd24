/* D13: names that are tried and not there must not be shown as executed; the one that ran must. */
#include "tracee.h"
int main(int argc, char **argv) {
    char *args[] = {"nope", argv[1], NULL};
    execv("/nonexistent/nope", args);
    execv(in(argv[1], "nope"), args);
    put(in(argv[1], "text"), "not executable");
    execv(in(argv[1], "text"), args);
    execv(sibling("mk"), args);
    die("execv mk");
}
