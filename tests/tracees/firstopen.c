/* A29: the very first instructions of the program are the act; nothing may happen before the recorder looks. */
__attribute__((used)) static void run(long *sp) {
    char path[4096], *p = path;
    const char *s = ((char **)(sp + 1))[1], *tail = "/canary";
    while (*s) *p++ = *s++;
    while ((*p++ = *tail++)) {}
    long rc;
    __asm__ volatile("syscall" : "=a"(rc) : "a"(83L), "D"(path), "S"(0755L) : "rcx", "r11", "memory");
    __asm__ volatile("syscall" : : "a"(60L), "D"(rc ? 1L : 0L) : "rcx", "r11");
}
__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call run\n");
