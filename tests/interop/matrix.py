"""Every signer's attestations before every verifier: the true ones accepted, the tampered twins refused."""

import sys

from paper import twins
from tools import Failed


def judge(verifier, paper, evil, stranger):
    """What stands in the cell, and whether it is right."""
    if not verifier.reads(paper):
        return "–", True
    try:
        if not verifier.verify(paper):
            return "REFUSED", False
        passed, tried = [], 0
        for name, twin in twins(paper, evil, stranger):
            tried += 1
            if verifier.verify(twin):
                passed.append(name)
    except Failed as error:
        print(error, file=sys.stderr)
        return "FAILED", False
    if passed:
        print(f"{verifier.name} accepts of {paper.signer}: {', '.join(passed)}", file=sys.stderr)
        return f"ACCEPTS {len(passed)} TWINS", False
    return f"yes, {tried} twins refused", True


def table(papers, verifiers, evil, stranger_of):
    """Prints the matrix as it comes; true if every cell is right."""
    good = True
    print("| signed by | " + " | ".join(verifier.name for verifier in verifiers) + " |")
    print("|---" * (len(verifiers) + 1) + "|")
    for paper in papers:
        cells = [judge(verifier, paper, evil, stranger_of(paper)) for verifier in verifiers]
        good = good and all(right for _, right in cells)
        print(f"| {paper.signer} | " + " | ".join(text for text, _ in cells) + " |", flush=True)
    return good
