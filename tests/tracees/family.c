/* I05, I06, F12: sockets of families and types that speak past TCP and UDP. argv: DIR FAMILY TYPE PROTOCOL. */
#include "tracee.h"
int main(int argc, char **argv) {
    int s = socket(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
    if (s < 0 && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT)) quit(77, "socket");
    if (s < 0) die("socket");
    if (atoi(argv[2]) == AF_NETLINK) {
        struct { unsigned len; unsigned short type, flags; unsigned seq, pid; char body[16]; } q = {32, 18, 0x301, 1, 0, {0}};
        must(send(s, &q, 32, 0), "send");
    }
    return 0;
}
