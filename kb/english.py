"""The commonest English words: what is spelled like one of these is taken to be meant."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def english_words() -> tuple[str, ...]:
    """10,000 words in lower case, commonest first.

    They are the first whole words of the vocabulary of bert-base-uncased (Apache 2.0), which is
    ordered by how often a word stands in English books and Wikipedia.
    """
    return tuple(Path(__file__).with_name("english.txt").read_text(encoding="utf-8").split())
