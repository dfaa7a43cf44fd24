/* sums FILE...   prints "crc32 adler32 name" of each file.
 * sums -c LIST   reads such lines and says which files differ. */
#include "sums.h"

#include <stdio.h>
#include <string.h>

static int print_sums(int count, char **names)
{
    int failed = 0;
    for (int i = 0; i < count; i++) {
        uint32_t crc, adler;
        if (sums_of_file(names[i], &crc, &adler) != 0) {
            perror(names[i]);
            failed = 1;
            continue;
        }
        printf("%08x %08x %s\n", (unsigned)crc, (unsigned)adler, names[i]);
    }
    return failed;
}

static int check_list(const char *list)
{
    char name[1024];
    unsigned want_crc, want_adler;
    int checked = 0, differ = 0;
    FILE *file = fopen(list, "r");

    if (file == NULL) {
        perror(list);
        return 2;
    }
    while (fscanf(file, "%8x %8x %1023[^\n]", &want_crc, &want_adler, name) == 3) {
        uint32_t crc, adler;
        int same = sums_of_file(name, &crc, &adler) == 0 && crc == want_crc && adler == want_adler;
        printf("%s: %s\n", name, same ? "OK" : "DIFFERS");
        checked++;
        differ += !same;
    }
    fclose(file);
    printf("%d checked, %d differ\n", checked, differ);
    return checked == 0 || differ > 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "-c") == 0)
        return check_list(argv[2]);
    if (argc < 2 || argv[1][0] == '-') {
        fputs("usage: sums FILE... | sums -c LIST\n", stderr);
        return 2;
    }
    return print_sums(argc - 1, argv + 1);
}
