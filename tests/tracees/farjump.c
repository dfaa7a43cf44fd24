/* A12: a 64-bit process jumps to 32-bit code (CS 0x23), makes a directory there and jumps back. */
#include "tracee.h"
int main(int argc, char **argv) {
    unsigned char *low = mmap(0, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED) skip("MAP_32BIT");
    char *path = (char *)low + 2048;
    strcpy(path, in(argv[1], "canary"));
    uint32_t back = (uint32_t)(uintptr_t)low + 256, slot = (uint32_t)(uintptr_t)low + 1024, name = (uint32_t)(uintptr_t)path;
    unsigned char *p = low;
    *p++ = 0xb8, memcpy(p, (uint32_t[]){39}, 4), p += 4;         /* mov eax, 39 */
    *p++ = 0xbb, memcpy(p, &name, 4), p += 4;                    /* mov ebx, path */
    *p++ = 0xb9, memcpy(p, (uint32_t[]){0755}, 4), p += 4;       /* mov ecx, 0755 */
    *p++ = 0xcd, *p++ = 0x80;                                    /* int 0x80 */
    *p++ = 0xea, memcpy(p, &back, 4), p += 4, *p++ = 0x33, *p++ = 0; /* ljmp 0x33:back */
    p = low + 256;
    memcpy(p, "\x48\x8b\x24\x25", 4), p += 4;                    /* mov rsp, [slot] */
    memcpy(p, &slot, 4), p += 4;
    *p++ = 0xc3;                                                 /* ret */
    struct { uint32_t off; uint16_t seg; } __attribute__((packed)) to = {(uint32_t)(uintptr_t)low, 0x23};
    int rc;
    __asm__ volatile("push %%rbx; push %%rbp\n"
                     "lea 1f(%%rip), %%rax; push %%rax\n"
                     "mov %%rsp, (%[slot])\n"
                     "ljmp *(%[to])\n"
                     "1: pop %%rbp; pop %%rbx\n"
                     : "=&a"(rc) : [slot] "r"((uintptr_t)slot), [to] "r"(&to)
                     : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
    if (rc < 0) errno = -rc, die("mkdir from 32-bit code");
    return 0;
}
