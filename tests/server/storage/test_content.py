import asyncio

import pytest

from server.storage import EditConflict


async def save(store, text, expected=None, document="page:visits", site="kneecare"):
    return await store.content.save(
        site, document, {"text": text}, author="ed", reason="opening", expected_revision=expected
    )


async def test_every_revision_of_a_page_is_kept(store):
    first = await save(store, "Visits take thirty minutes.")
    second = await save(store, "Visits take forty minutes.", expected=1)
    assert (first.revision, second.revision) == (1, 2)
    assert await store.content.latest("kneecare", "page:visits") == second
    assert await store.content.history("kneecare", "page:visits") == [second, first]


async def test_an_edit_that_began_from_an_older_revision_is_refused_and_shown_the_latest(store):
    await save(store, "one", expected=0)
    second = await save(store, "two", expected=1)
    with pytest.raises(EditConflict) as conflict:
        await save(store, "mine", expected=1)
    assert conflict.value.latest == second
    with pytest.raises(EditConflict):
        await save(store, "new page?", expected=0)
    with pytest.raises(EditConflict) as conflict:
        await save(store, "mine", expected=3, document="page:other")
    assert conflict.value.latest is None
    assert len(await store.content.history("kneecare", "page:visits")) == 2


async def test_of_ten_editors_who_save_at_once_one_wins(store):
    await save(store, "zero")
    saved = await asyncio.gather(*(save(store, str(n), expected=1) for n in range(10)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in saved) == ["EditConflict"] * 9 + ["Revision"]
    assert len(await store.content.history("kneecare", "page:visits")) == 2


async def test_saves_that_expect_nothing_all_count(store):
    await asyncio.gather(*(save(store, str(n)) for n in range(10)))
    assert [one.revision for one in await store.content.history("kneecare", "page:visits")] == list(range(10, 0, -1))


async def test_the_latest_of_each_document_is_listed_by_site(store):
    await save(store, "one")
    await save(store, "two")
    await save(store, "x", document="golden")
    await save(store, "y", site="other")
    listed = [(one.document, one.revision) for one in await store.content.documents("kneecare")]
    assert listed == [("golden", 1), ("page:visits", 2)]
    assert await store.content.sites() == ["kneecare", "other"]
    assert await store.content.latest("kneecare", "site") is None


async def test_a_body_keeps_the_order_of_its_keys_and_every_character(store):
    body = {"b": "“curly” \u2022 \0", "a": [1, 2.5, None, True]}
    await store.content.save("kneecare", "site", body, author="ed", reason="")
    latest = await store.content.latest("kneecare", "site")
    assert list(latest.body.items()) == list(body.items())
