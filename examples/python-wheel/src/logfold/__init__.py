"""Folds lines of a log that differ only in numbers."""

from .fold import Folded, fold

__all__ = ["Folded", "fold"]
