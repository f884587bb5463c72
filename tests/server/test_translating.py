"""A visitor's words in other languages: each catalogue holds what the code marks, whole."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from server.translating import LANGUAGES, LOCALE, language_of, own_name, path_of, translated

MARKED = {message for _, _, message, _, _ in extract_from_dir(LOCALE.parent, keywords={"N_": None})}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_catalogue_holds_every_marked_text_and_no_other(language):
    with path_of(language).open("rb") as source:
        catalogue: Catalog = read_po(source, locale=language)
    messages = [message for message in catalogue if message.id]
    assert {message.id for message in messages} == MARKED, "run `make words`, then translate what is new"
    assert [message.id for message in messages if message.fuzzy or not message.string] == []
    assert [str(error) for message in messages for error in message.check(catalogue)] == []


def test_a_tag_means_the_language_it_begins_with():
    assert [language_of(tag) for tag in ("es", "es-MX", "ES", "en-GB", "est", "fr", "")] == [
        "es", "es", "es", "en", "en", "en", "en"
    ]  # fmt: skip
    assert [own_name(language) for language in ("en", "es")] == ["English", "Español"]


def test_a_text_that_a_catalogue_lacks_stays_english():
    assert translated("Send", "es-US") == "Enviar"
    assert translated("Not marked anywhere", "es") == "Not marked anywhere"
