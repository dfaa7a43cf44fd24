#include <stdio.h>
const char *crc64(void);
int main(void) {
    puts(crc64());
    return 0;
}
