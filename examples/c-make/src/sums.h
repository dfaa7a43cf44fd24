/* What the parts of sums share. */
#ifndef SUMS_H
#define SUMS_H

#include <stddef.h>
#include <stdint.h>

/* Continues a CRC-32 (the polynomial of zlib and PNG); begin with 0. */
uint32_t sums_crc32(uint32_t crc, const unsigned char *bytes, size_t len);

/* Continues an Adler-32; begin with 1. */
uint32_t sums_adler32(uint32_t adler, const unsigned char *bytes, size_t len);

/* Both sums of one file. Returns 0, or -1 with errno set. */
int sums_of_file(const char *path, uint32_t *crc, uint32_t *adler);

#endif
