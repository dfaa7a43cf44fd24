/* A12: a whole 32-bit program: makes argv[1]/canary. */
static int call(int nr, const char *a, int b) {
    int rc;
    __asm__ volatile("int $0x80" : "=a"(rc) : "a"(nr), "b"(a), "c"(b) : "memory");
    return rc;
}
__attribute__((used)) static void run(int *sp) {
    char path[4096], *p = path;
    const char *s = ((char **)(sp + 1))[1], *tail = "/canary";
    while (*s) *p++ = *s++;
    while ((*p++ = *tail++)) {}
    int rc = call(39, path, 0755);
    call(1, (const char *)(rc ? 1 : 0), 0);
}
__asm__(".globl _start\n_start: mov %esp, %eax\n and $-16, %esp\n sub $12, %esp\n push %eax\n call run\n");
