/* C18: opens a file by handle, without any name. */
#include "tracee.h"
int main(int argc, char **argv) {
    struct { struct file_handle h; unsigned char more[128]; } f;
    int mount;
    char *file = in(argv[1], "file");
    put(file, "old");
    tell_ino("ino", file);
    f.h.handle_bytes = 128;
    if (name_to_handle_at(AT_FDCWD, file, &f.h, &mount, 0)) skip("name_to_handle_at");
    int dir = open(argv[1], O_RDONLY), fd = open_by_handle_at(dir, &f.h, O_WRONLY | O_TRUNC);
    if (fd < 0) die("open_by_handle_at");
    must(write(fd, "by handle", 9), "write");
    return 0;
}
