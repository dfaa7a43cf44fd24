/* B04: a thread changes the port in the sockaddr of connect between two listeners of ours (or ours and that at port argv[2]).
   Prints the true counts. */
#include "tracee.h"
#include <arpa/inet.h>
static struct sockaddr_in to;
static in_port_t ports[2];
static volatile int stop;
static void *flip(void *arg) {
    volatile in_port_t *port = &to.sin_port;
    while (!stop) *port = ports[0], *port = ports[1];
    return NULL;
}
int main(int argc, char **argv) {
    int l[2], n[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof me;
        l[i] = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
        must(bind(l[i], (void *)&me, len), "bind");
        must(listen(l[i], 512), "listen");
        getsockname(l[i], (void *)&me, &len);
        if (i && argc > 2) me.sin_port = htons(atoi(argv[2]));
        to = me;
        ports[i] = me.sin_port;
        printf("port_%d %d\n", i, ntohs(me.sin_port));
    }
    to.sin_port = ports[0];
    pthread_t t = thread(flip, NULL);
    for (int i = 0; i < 400; i++) {
        struct sockaddr_in peer;
        socklen_t len = sizeof peer;
        int s = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
        if (!connect(s, (void *)&to, sizeof to) && !getpeername(s, (void *)&peer, &len)) n[peer.sin_port == ports[1]]++;
        close(s);
    }
    stop = 1;
    pthread_join(t, NULL);
    printf("conn_0 %d\nconn_1 %d\n", n[0], n[1]);
    return 0;
}
