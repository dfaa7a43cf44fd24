#include "sums.h"

static uint32_t table[256];

static void fill_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t rest = byte;
        for (int bit = 0; bit < 8; bit++)
            rest = (rest >> 1) ^ ((rest & 1) ? 0xEDB88320u : 0);
        table[byte] = rest;
    }
}

uint32_t sums_crc32(uint32_t crc, const unsigned char *bytes, size_t len)
{
    if (table[1] == 0)
        fill_table();
    crc = ~crc;
    while (len-- > 0)
        crc = (crc >> 8) ^ table[(crc ^ *bytes++) & 0xFF];
    return ~crc;
}
