"""logfold [FILE...]: prints each kind of line once, with how often it came."""

import argparse
import fileinput

from .fold import fold


def main(arguments=None):
    """The command line."""
    parser = argparse.ArgumentParser(prog="logfold", description=__doc__)
    parser.add_argument("files", nargs="*", help="logs to read (standard input if none)")
    parser.add_argument("-n", "--most", type=int, default=20, metavar="N", help="kinds of line to print (20)")
    chosen = parser.parse_args(arguments)
    with fileinput.input(chosen.files or ("-",), encoding="utf-8", errors="replace") as lines:
        for kind in fold(lines)[: chosen.most]:
            print(f"{kind.times:>7}  {kind.first}")


if __name__ == "__main__":
    main()
