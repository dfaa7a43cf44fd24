"""read_files.py make DIR N | read DIR: makes N small files in folders of 500, or reads all of them."""

import os
import sys


def make(top, count):
    """Writes the files; each has other bytes."""
    for number in range(count):
        folder = os.path.join(top, f"{number // 500:03}")
        if number % 500 == 0:
            os.makedirs(folder)
        with open(os.path.join(folder, f"{number}.txt"), "w", encoding="ascii") as file:
            file.write(f"file number {number}\n" * 8)


def read(top):
    """Reads them in the order of their names."""
    total = 0
    for folder in sorted(os.listdir(top)):
        for name in os.listdir(os.path.join(top, folder)):
            with open(os.path.join(top, folder, name), "rb", buffering=0) as file:
                total += len(file.read())
    return total


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]))
else:
    print(read(sys.argv[2]), "bytes")
