/* F08: `pty PROG ARG...` runs PROG on a terminal of its own; `sti` pushes a command into the terminal's input (TIOCSTI). */
#include "tracee.h"
#include <pty.h>
#include <sys/ioctl.h>
int main(int argc, char **argv) {
    if (!strcmp(argv[1], "pty")) {
        int master, status;
        char buf[4096];
        ssize_t n;
        pid_t pid = must(forkpty(&master, NULL, NULL, NULL), "forkpty");
        if (!pid) execv(argv[2], argv + 2), die("execv");
        while ((n = read(master, buf, sizeof buf)) > 0) write(1, buf, n);
        waitpid(pid, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    for (const char *p = "id\n"; *p; p++)
        if (ioctl(0, TIOCSTI, p)) quit(errno == EIO ? 77 : 1, "TIOCSTI");
    return 0;
}
