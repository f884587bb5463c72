"""English words, commonest first: what is spelled like one of these is taken to be meant."""

from __future__ import annotations

from functools import cache
from pathlib import Path

COMMON = 10_000


@cache
def english_words() -> tuple[str, ...]:
    """21,719 words in lower case, commonest first.

    They are the whole words of the vocabulary of bert-base-uncased (Apache 2.0), which is ordered by how often a word
    stands in English books and Wikipedia. The rarer half holds foreign and misspelt ones too.
    """
    return tuple(Path(__file__).with_name("english.txt").read_text(encoding="utf-8").split())


@cache
def common_words() -> tuple[str, ...]:
    """The COMMON commonest words."""
    return english_words()[:COMMON]
