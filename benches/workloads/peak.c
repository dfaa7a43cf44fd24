/* peak FILE CMD ARG...: runs the command, writes to FILE the most memory that it, or a process of it, had, in KiB, and ends as it did.
   What wait4(2) says of a process counts the one that started it: this one is small. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;
    pid_t child;
    FILE *file;

    if (argc < 3) {
        fputs("usage: peak FILE CMD ARG...\n", stderr);
        return 2;
    }
    child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || (file = fopen(argv[1], "w")) == NULL) {
        perror("peak");
        return 125;
    }
    fprintf(file, "%ld\n", usage.ru_maxrss);
    if (fclose(file) != 0)
        return 125;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
