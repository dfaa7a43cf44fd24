#include "config.h"
#include "sums.h"

#include <stdio.h>

int sums_of_file(const char *path, uint32_t *crc, uint32_t *adler)
{
    unsigned char block[64 * 1024];
    size_t got;
    FILE *file = fopen(path, "rb");

    if (file == NULL)
        return -1;
    *crc = 0;
    *adler = 1;
    while ((got = fread(block, 1, sizeof block, file)) > 0) {
        *crc = sums_crc32(*crc, block, got);
        *adler = sums_adler32(*adler, block, got);
    }
    if (ferror(file)) {
        fclose(file);
        return -1;
    }
    return fclose(file);
}
