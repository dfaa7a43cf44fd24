/* E23: System V objects that somebody outside made. argv[2]: hold KEY FILE (outside: a queue and memory; what comes is put in FILE),
   queue KEY, number KEY, memory KEY, many, own. */
#include "tracee.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>
struct message {
    long type;
    char text[16];
};
/* The outside: makes both, says so, and leaves a child that waits for either. argv: hold KEY READY FILE COMMAND... */
static int hold(char **argv) {
    int key = atoi(argv[2]);
    int queue = must(msgget(key, IPC_CREAT | 0666), "msgget"), memory = must(shmget(key, 4096, IPC_CREAT | 0666), "shmget");
    volatile char *page = shmat(memory, NULL, 0);
    if (page == (void *)-1) die("shmat");
    page[0] = 0;
    pid_t child = must(fork(), "fork");
    if (child == 0) {
        struct message got;
        for (int i = 0; i < 3000; i++) {
            if (msgrcv(queue, &got, sizeof got.text, 0, IPC_NOWAIT) >= 0 || page[0]) {
                put(argv[3], "seen");
                break;
            }
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
        msgctl(queue, IPC_RMID, NULL);
        shmctl(memory, IPC_RMID, NULL);
        _exit(0);
    }
    execvp(argv[4], argv + 4);
    die(argv[4]);
    return 1;
}
int main(int argc, char **argv) {
    if (!strcmp(argv[1], "hold")) return hold(argv);
    if (!strcmp(argv[2], "queue")) {
        struct message sent = {1, "seen"};
        int id = must(msgget(atoi(argv[3]), 0), "msgget");
        if (msgsnd(id, &sent, sizeof sent.text, 0)) die("msgsnd");
    } else if (!strcmp(argv[2], "number")) {
        /* Without a key: every identifier that there is (proc(5), sysvipc). */
        struct message sent = {1, "seen"};
        FILE *list = fopen("/proc/sysvipc/msg", "r");
        char line[512];
        int key, id;
        while (list && fgets(line, sizeof line, list))
            if (sscanf(line, "%d %d", &key, &id) == 2 && key == atoi(argv[3])) msgsnd(id, &sent, sizeof sent.text, IPC_NOWAIT);
    } else if (!strcmp(argv[2], "memory")) {
        volatile char *page = shmat(must(shmget(atoi(argv[3]), 0, 0), "shmget"), NULL, 0);
        if (page == (void *)-1) die("shmat");
        page[0] = 1;
    } else if (!strcmp(argv[2], "many")) {
        /* More, one after another, than anybody would remember. */
        int made = 0;
        for (int i = 0; i < 70000; i++, made++) must(msgctl(must(msgget(IPC_PRIVATE, 0600), "msgget"), IPC_RMID, NULL), "msgctl");
        printf("made %d\n", made);
        return 0;
    } else {
        /* Its own: nobody outside is meant. */
        struct message sent = {1, "seen"}, got;
        int id = must(msgget(IPC_PRIVATE, 0600), "msgget");
        if (msgsnd(id, &sent, sizeof sent.text, 0) || msgrcv(id, &got, sizeof got.text, 0, 0) < 0 || msgctl(id, IPC_RMID, NULL)) die("own");
        id = must(shmget(IPC_PRIVATE, 4096, 0600), "shmget");
        char *page = shmat(id, NULL, 0);
        page[0] = 1;
        shmctl(id, IPC_RMID, NULL);
        id = must(semget(IPC_PRIVATE, 1, 0600), "semget");
        struct sembuf up = {0, 1, 0};
        if (semop(id, &up, 1) || semctl(id, 0, IPC_RMID)) die("semop");
        return 0;
    }
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    return 0;
}
