#define VERSION "1.2"
#include <stdio.h>
int main(void) {
    puts("inventory " VERSION);
    return 0;
}
