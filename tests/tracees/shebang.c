/* D02: chains of #! lines. argv[2]: env (#!/usr/bin/env), chain (a script that is run by a script), enoexec (no #! at all). */
#include "tracee.h"
int main(int argc, char **argv) {
    char text[3 * 4096], *script = in(argv[1], "script"), *outer = in(argv[1], "outer"), *run = script;
    snprintf(text, sizeof text, "#!/usr/bin/env -S sh -e\nmkdir %s/canary\n", argv[1]);
    if (!strcmp(argv[2], "chain")) snprintf(text, sizeof text, "#!/bin/sh\nmkdir %s/canary\n", argv[1]);
    if (!strcmp(argv[2], "enoexec")) snprintf(text, sizeof text, "mkdir %s/canary\n", argv[1]);
    put(script, text);
    chmod(script, 0755);
    if (!strcmp(argv[2], "chain")) {
        snprintf(text, sizeof text, "#!%s\n", script);
        put(run = outer, text);
        chmod(outer, 0755);
    }
    execlp(run, run, (char *)NULL);
    die("exec script");
}
