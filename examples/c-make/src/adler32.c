#include "sums.h"

enum { MODULUS = 65521, RUN = 5552 }; /* RUN: the longest run that cannot overflow 32 bits */

uint32_t sums_adler32(uint32_t adler, const unsigned char *bytes, size_t len)
{
    uint32_t low = adler & 0xFFFF, high = adler >> 16;
    while (len > 0) {
        size_t run = len < RUN ? len : RUN;
        len -= run;
        while (run-- > 0) {
            low += *bytes++;
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    return (high << 16) | low;
}
