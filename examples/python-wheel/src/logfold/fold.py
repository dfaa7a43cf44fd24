"""Lines that differ only in numbers, addresses and identifiers are one kind of line."""

import re
from dataclasses import dataclass

_VARYING = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+(?:\.\d+)*", re.IGNORECASE)


@dataclass
class Folded:
    """One kind of line: its shape, the first example, and how often it came."""

    shape: str
    first: str
    first_line: int
    times: int = 0


def shape_of(line):
    """`took 17 ms` becomes `took # ms`."""
    return _VARYING.sub("#", line.strip())


def fold(lines):
    """Counts the kinds of line; the most frequent first, then in order of appearance."""
    kinds = {}
    for number, line in enumerate(lines, start=1):
        shape = shape_of(line)
        if shape:
            kinds.setdefault(shape, Folded(shape, line.rstrip("\n"), number)).times += 1
    return sorted(kinds.values(), key=lambda kind: (-kind.times, kind.first_line))
