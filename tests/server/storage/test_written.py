"""What is written once and was changed since, by whoever reached the database, is named."""

import pytest
from sqlalchemy import text

from server.storage import Role
from tests.server.storage.clinic import claimed

PAGE = "page:knee"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE event SET body = replace(body, 'swollen', 'perfect') WHERE seq = 1", "event 1 was altered"),
        ("UPDATE event SET label = 'smalltalk' WHERE seq = 1", "event 1 was altered"),
        ("UPDATE event SET sha256 = NULL WHERE seq = 1", "event 1 was altered"),
        ("UPDATE revision SET body = replace(body, 'thirty', 'three')", f"revision 1 of {PAGE} was altered"),
        ("UPDATE revision SET author = 'ann'", f"revision 1 of {PAGE} was altered"),
    ],
)
async def test_words_that_were_changed_by_hand_are_named(store, statement, words):
    await claimed(store)
    body = {"text": "Most visits take about thirty minutes."}
    await store.content.save("kneecare", PAGE, body, author="ed\0", reason="Bad\0 words \ud800")
    assert await store.check() == []
    await store.database.write(lambda tx: tx.run(text(statement)))
    [found] = await store.check()
    assert words in found


async def test_accounts_that_were_changed_by_hand_are_named(store):
    password = "a long enough pass phrase"
    for name in ("ed", "pat", "sam"):
        await store.staff.add(f"{name}@clinic.example", name, Role.ADVOCATE, password, ("kneecare",))
    await store.staff.set_role("ed@clinic.example", Role.EDITOR)
    await store.staff.disable("pat@clinic.example")
    assert await store.check() == []
    for change in (
        "role = 'admin' WHERE name = 'ed'",
        "is_disabled = '0' WHERE name = 'pat'",
        "sites = '[\"*\"]' WHERE name = 'sam'",
    ):
        await store.database.write(lambda tx, change=change: tx.run(text(f"UPDATE staff SET {change}")))
    found = await store.check()
    assert [one.split(":")[0] for one in found] == [f"account {name}@clinic.example" for name in ("ed", "pat", "sam")]
    assert "it has the role admin" in found[0]
