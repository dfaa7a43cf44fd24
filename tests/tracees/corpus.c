/* H: files with hostile names, one each. Prints nothing: the directory is the list. */
#include "tracee.h"
#define ESC "\x1b"
static const char *names[] = {
    "plain", " leading", "trailing ", "two\nlines", "\n", "cr\rhere", "tab\there", "bell\a", "back\bspace", ESC "[2J" ESC "[H", ESC "[31mred" ESC "[0m",
    ESC "]0;title\a", ESC "]8;;http:x" ESC "\\link" ESC "]8;;" ESC "\\", ESC "]52;c;ZXZpbA==\a", "\x9b" "31m", "\xc2\x9b" "31m", "del\x7f", "a\xff", "a\xfe", "\xff\xfe",
    "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "cut\xe2\x82", "\xef\xbb\xbf" "bom", "rtl\xe2\x80\xae" "txt.exe", "\xe2\x81\xa6" "isolate\xe2\x81\xa9", "zero\xe2\x80\x8bwidth",
    "join\xe2\x80\x8d", "cafe\xcc\x81", "caf\xc3\xa9", "p\xd0\xb0ypal", "\xe2\x80\xa8" "line", "<script>alert(1)<&script>", "<img src=x onerror=alert(1)>", "a&amp;b",
    "\"quoted\"", "'single'", "back\\slash", "\\x41", "\\n", "{\"kind\":\"trailer\"}", "[x](javascript:1)", "```", "| cell |", "# heading", "![i](x)",
    "[[rule]]", "path = \"x\"", "$WORKSPACE", "${HOME}", "*", "**", "?", "[a-z]", "{a,b}", "!not", "~", "%2e%2e", "%00", "a#b?c=d", "file:", "javascript:alert(1)",
    "::add-mask::x", "::error::x", "::stop-commands::x", "##[group]x", "EOF", "=cmd|' C'!A0", "-rf", "--help", "..hidden", "... ", "x (deleted)", "x) R 1 1 1",
    "040 octal\\040", "null", "1e999", "\xf0\x9f\xa6\x80", "\xe6\x96\x87\xe5\xad\x97",
};
int main(int argc, char **argv) {
    char longest[256];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) must(mkdir(in(argv[1], names[i]), 0755), names[i]);
    memset(longest, 0xfe, 255), longest[255] = 0;
    must(mkdir(in(argv[1], longest), 0755), "longest");
    return 0;
}
