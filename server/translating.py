"""A visitor's words in their language, by gettext: `locale/LANGUAGE/LC_MESSAGES/visitor.po`, compiled when it is first asked.

The source is English and stands in the code, marked with `N_`. `make words` brings the catalogues up to date with it.
"""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import get_args

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from kb.policy import Language

LOCALE = Path(__file__).parent / "locale"
LANGUAGES: tuple[str, ...] = get_args(Language)
"""Those in which the policy has its fixed replies, the source's own first."""


def N_(text: str) -> str:
    """The text itself: a mark for `make words` that it is translated where it is shown."""
    return text


def language_of(tag: str) -> str:
    """The language of ours that a tag such as `es-MX` means; English for any other."""
    return next((one for one in LANGUAGES if tag.lower().split("-")[0] == one), LANGUAGES[0])


def own_name(language: str) -> str:
    """What a language calls itself: "English", "Español"."""
    return str(Locale.parse(language).get_display_name(language)).capitalize()


def translated(text: str, language: str) -> str:
    """A marked text in a language. What its catalogue lacks stays English."""
    return _catalogue(language_of(language)).gettext(text)


def path_of(language: str) -> Path:
    """The catalogue of a language."""
    return LOCALE / language / "LC_MESSAGES" / "visitor.po"


@cache
def _catalogue(language: str) -> NullTranslations:
    if language == LANGUAGES[0]:
        return NullTranslations()
    compiled = BytesIO()
    with path_of(language).open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)
