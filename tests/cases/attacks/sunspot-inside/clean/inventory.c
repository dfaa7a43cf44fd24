#include "version.h"
#include <stdio.h>
int main(void) {
    puts("inventory " VERSION);
    return 0;
}
