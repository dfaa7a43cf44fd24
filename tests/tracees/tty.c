/* F08, G02: `pty PROG ARG...` runs PROG on a terminal of its own; `sti` pushes a command into the terminal's input (TIOCSTI);
   `xoff DIR` stops the terminal's output, `tostop DIR` makes everybody else there a background that is stopped when it writes. */
#include "tracee.h"
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
static int stops(const char *how, const char *dir) {
    struct termios t;
    pid_t pid;
    if (!strcmp(how, "xoff")) must(tcflow(1, TCOOFF), "tcflow");
    else {
        must(tcgetattr(0, &t), "tcgetattr");
        t.c_lflag |= TOSTOP;
        must(tcsetattr(0, TCSANOW, &t), "tcsetattr");
        signal(SIGTTOU, SIG_IGN);
        if (!(pid = must(fork(), "fork"))) setpgid(0, 0), tcsetpgrp(0, getpid()), _exit(tcgetpgrp(0) != getpid());
        reap(pid);
    }
    canary(dir);
    return 0;
}
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
    if (argc > 2) return stops(argv[1], argv[2]);
    for (const char *p = "id\n"; *p; p++)
        if (ioctl(0, TIOCSTI, p)) quit(errno == EIO ? 77 : 1, "TIOCSTI");
    return 0;
}
