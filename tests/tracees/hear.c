/* R12: `hear FILE PROG ARG...` runs PROG beside a process outside the step that makes FILE when a message comes: a signal that
   does nothing by itself (its number is in $HEAR), or a POSIX message (on the queue named in $HEAR_QUEUE). */
#include "tracee.h"
#include <mqueue.h>
static const char *file;
static char queue[64];
static void take_away(void) { mq_unlink(queue); }
static void heard(int sig) { close(open(file, O_WRONLY | O_CREAT, 0666)); }
int main(int argc, char **argv) {
    char text[64], word[64];
    struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = sizeof word};
    file = argv[1];
    for (int i = 0; i < 4; i++) signal((int[]){SIGWINCH, SIGURG, SIGCONT, SIGIO}[i], heard);
    snprintf(text, sizeof text, "%d", getpid());
    snprintf(queue, sizeof queue, "/sekisho-hear-%d", getpid());
    setenv("HEAR", text, 1), setenv("HEAR_QUEUE", queue, 1);
    mqd_t q = mq_open(queue, O_RDONLY | O_CREAT, 0666, &attr);
    if (q == (mqd_t)-1) skip("mq_open");
    beside_over = take_away;
    beside(argv + 2);
    for (;;)
        if (mq_receive(q, word, sizeof word, NULL) > 0) {
            heard(0);
            mq_unlink(queue);
        }
}
