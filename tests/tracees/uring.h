/* The smallest io_uring: one submission at a time, waited for. */
#ifndef URING_H
#define URING_H
#include "tracee.h"
#include <linux/io_uring.h>
struct ring {
    int fd;
    struct io_uring_params p;
    char *sq, *cq;
    struct io_uring_sqe *sqes;
};
static inline void ring_map(struct ring *r) {
    size_t sq = r->p.sq_off.array + r->p.sq_entries * 4, cq = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
    r->sq = mmap(0, sq, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
    r->cq = mmap(0, cq, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
    r->sqes = mmap(0, r->p.sq_entries * sizeof *r->sqes, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
    if (r->sq == MAP_FAILED || r->cq == MAP_FAILED || r->sqes == MAP_FAILED) die("mmap ring");
}
static inline void ring_new(struct ring *r) {
    memset(r, 0, sizeof *r);
    r->fd = syscall(SYS_io_uring_setup, 8, &r->p);
    if (r->fd < 0) quit(errno == ENOSYS || errno == EPERM ? 1 : 77, "io_uring_setup");
    ring_map(r);
}
/* Submits one entry and returns its result. */
static inline int ring_do(struct ring *r, struct io_uring_sqe sqe) {
    unsigned *tail = (void *)(r->sq + r->p.sq_off.tail), mask = *(unsigned *)(r->sq + r->p.sq_off.ring_mask);
    unsigned *head = (void *)(r->cq + r->p.cq_off.head), *cq_tail = (void *)(r->cq + r->p.cq_off.tail);
    unsigned cq_mask = *(unsigned *)(r->cq + r->p.cq_off.ring_mask), at = *tail & mask;
    r->sqes[at] = sqe;
    ((unsigned *)(r->sq + r->p.sq_off.array))[at] = at;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) < 0) die("io_uring_enter");
    while (__atomic_load_n(cq_tail, __ATOMIC_ACQUIRE) == *head) {}
    int res = ((struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes))[*head & cq_mask].res;
    __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
    return res;
}
#endif
