/* E21: a file whose whole name is longer than PATH_MAX, and a loop of symbolic links. */
#include "tracee.h"
int main(int argc, char **argv) {
    char name[251];
    memset(name, 'd', 250), name[250] = 0;
    must(chdir(argv[1]), "chdir");
    symlink("loop", "loop");
    if (open("loop/x", O_CREAT | O_RDWR, 0644) != -1 || errno != ELOOP) die("loop");
    for (int i = 0; i < 20; i++) {
        must(mkdir(name, 0755), "mkdir");
        must(chdir(name), "chdir");
    }
    must(mkdir("canary", 0755), "mkdir canary");
    struct stat st;
    stat("canary", &st);
    printf("ino %lu\n", (unsigned long)st.st_ino);
    return 0;
}
