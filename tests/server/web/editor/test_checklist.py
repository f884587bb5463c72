"""The editor's pages of what visitors ask, on a real store with the KneeCare site and a stand-in for the builder."""

from __future__ import annotations

import asyncio
import re
from html import unescape

import pytest

from index.linking import POSSIBLE
from kb.asks import load_asks
from kb.reading.sentences import sentence_spans
from server.storage import Store
from tests.server.web.editor.test_pages import (  # noqa: F401
    DAY,
    NEEDLES,
    SITE,
    ann,
    app,
    assistants,
    bo,
    builder,
    links_of,
    plain,
    settings,
)

ASKS = f"{SITE}/asks"
TITLES = {ask.id: ask.title for ask in load_asks()}


@pytest.fixture
async def built(builder):  # noqa: F811
    """A draft, so that passages are proposed."""
    await builder.make("kneecare")
    return builder


async def chosen(store: Store) -> dict[str, list[str]]:
    latest = await store.content.latest("kneecare", "asks")
    assert latest is not None
    return {one["id"]: one["passages"] for one in latest.body}


def forms(page: str, to: str) -> list[dict[str, list[str]]]:
    """The hidden fields of each form that goes to an address."""
    found = re.findall(rf'<form[^>]*action="{to}"[^>]*>(.*?)</form>', page, re.DOTALL)
    fields = [re.findall(r'name="(\w+)" value="([^"]*)"', one) for one in found]
    return [{name: [unescape(v) for n, v in some if n == name] for name, _ in some} for some in fields]


def card(page: str, anchor: str) -> str:
    return page.split(f'id="{anchor}"')[1].split("</article>")[0]


async def test_before_a_rebuild_the_page_says_to_rebuild(ann):  # noqa: F811
    for path in (ASKS, f"{ASKS}/questions", f"{ASKS}/rest"):
        assert "Make your text ready first." in plain(await ann.get(path))


async def test_a_passage_shows_what_it_probably_answers_and_keeps_all_of_it_at_once(ann, store, built):  # noqa: F811
    page = await ann.get(ASKS)
    keep = forms(page, f"{ASKS}/keep")[0]
    passage = keep["passage"][0]
    assert all(TITLES[ask] in plain(card(page, passage)) for ask in keep["ask"])
    after = await ann.post(f"{ASKS}/keep", keep)
    assert "Kept." in plain(after) and f'id="{passage}"' not in after  # the next one took its place
    assert await chosen(store) == {ask: [passage] for ask in keep["ask"]}
    assert f"{len(keep['ask'])} of {len(TITLES)} questions decided" in plain(after)
    whole = card(await ann.get(f"{ASKS}?all=1"), passage)
    assert whole.count('aria-label="Kept"') == len(keep["ask"])


async def test_a_struck_question_leaves_the_passage_and_stays_open(ann, store, built):  # noqa: F811
    strike = forms(await ann.get(ASKS), f"{ASKS}/strike")[0]
    page = await ann.post(f"{ASKS}/strike", strike)
    assert strike not in forms(page, f"{ASKS}/strike")
    assert strike["ask"][0] not in await chosen(store)
    struck = await store.content.latest("kneecare", "asks-struck")
    assert struck.body == [{"id": strike["ask"][0], "passages": strike["passage"]}]


async def test_striking_what_was_kept_opens_the_question_again_unless_another_passage_answers_it(ann, store, built):  # noqa: F811
    for passage in (NEEDLES, DAY):
        await ann.post(f"{ASKS}/keep", {"passage": passage, "ask": ["what-it-is", "age-limits"]})
    await ann.post(f"{ASKS}/strike", {"passage": DAY, "ask": "what-it-is"})
    assert await chosen(store) == {"what-it-is": [NEEDLES], "age-limits": [NEEDLES, DAY]}
    await ann.post(f"{ASKS}/strike", {"passage": NEEDLES, "ask": "what-it-is"})
    assert await chosen(store) == {"age-limits": [NEEDLES, DAY]}


async def test_a_question_is_added_to_a_passage_by_its_words(ann, store, built):  # noqa: F811
    form = {"passage": NEEDLES, "title": f"  {TITLES['age-limits'].upper()} ", "back": "all"}
    page = await ann.post(f"{ASKS}/add", form)
    assert TITLES["age-limits"] in plain(card(page, NEEDLES))
    assert await chosen(store) == {"age-limits": [NEEDLES]}
    refused = await ann.post(f"{ASKS}/add", {"passage": NEEDLES, "title": "ages <b>", "back": "all"}, status=422)
    assert "Choose one of the questions in the list" in plain(refused)
    assert 'value="ages &lt;b&gt;" aria-invalid="true"' in card(refused, NEEDLES)


async def test_questions_come_least_certain_first_each_with_its_passage_and_two_others(ann, store, built):  # noqa: F811
    page = await ann.get(f"{ASKS}/questions")
    links = {link.ask_id: link for link in links_of(await built.content("kneecare"))}
    shown = re.findall(r'id="ask-([\w-]+)"', page)
    assert len(shown) == 10
    certainties = [links[one].certainty for one in shown]
    assert certainties == sorted(certainties) and max(certainties) <= min(
        link.certainty for ask, link in links.items() if ask not in shown
    )
    first = card(page, f"ask-{shown[0]}")
    offered = [one["passage"][0] for one in forms(first, f"{ASKS}/keep")]
    places = [passage.passage_id for _, passage in (await built.content("kneecare")).passages()]
    assert offered == [places[position] for position, _ in links[shown[0]].best]
    texts = {
        passage.passage_id: page.text_of(passage) for page, passage in (await built.content("kneecare")).passages()
    }
    marked = [unescape(one) for one in re.findall(r"<mark[^>]*>(.*?)</mark>", first, re.S)]
    assert marked == [texts[one][slice(*sentence_spans(texts[one])[0])] for one in offered]
    await ann.post(f"{ASKS}/keep", forms(first, f"{ASKS}/keep")[1])
    assert await chosen(store) == {shown[0]: [offered[1]]}
    answered = card(await ann.get(f"{ASKS}/questions?show=answered"), f"ask-{shown[0]}")
    assert forms(answered, f"{ASKS}/strike")[0]["passage"] == [offered[1]]
    assert [one["passage"][0] for one in forms(answered, f"{ASKS}/keep")] == [offered[0], offered[2]]


async def test_what_the_page_does_not_say_is_a_list_of_gaps_and_may_be_opened_again(ann, store, built):  # noqa: F811
    asks = [one["ask"][0] for one in forms(await ann.get(f"{ASKS}/questions"), f"{ASKS}/not-said")[:2]]
    for ask in asks:
        await ann.post(f"{ASKS}/not-said", {"ask": ask, "back": "open"})
    assert await chosen(store) == {ask: [] for ask in asks}
    gaps = await ann.get(f"{ASKS}/questions?show=not-said")
    assert "gaps you may want to write about" in plain(gaps) and all(TITLES[ask] in plain(gaps) for ask in asks)
    await ann.post(f"{ASKS}/reopen", {"ask": asks[0], "back": "not-said"})
    assert await chosen(store) == {asks[1]: []}


async def test_what_is_probably_not_said_is_saved_by_kind_of_visit_without_what_was_unticked(ann, store, built):  # noqa: F811
    teeth = card(await ann.get(f"{ASKS}/rest"), "pack-teeth").split("</details>")[0]
    ticked = forms(teeth, f"{ASKS}/not-said")[0]["ask"]
    unlikely = {link.ask_id for link in links_of(await built.content("kneecare")) if link.best[0][1] < POSSIBLE}
    assert set(ticked) == {ask.id for ask in load_asks() if ask.pack == "teeth"} & unlikely
    await ann.post(f"{ASKS}/not-said", {"ask": ticked[1:], "back": "rest"})
    assert await chosen(store) == {ask: [] for ask in ticked[1:]}
    assert "Nothing was ticked" in plain(await ann.post(f"{ASKS}/not-said", {"back": "rest"}))


async def test_two_editors_choices_on_different_questions_both_stand(ann, bo, store, built):  # noqa: F811
    await asyncio.gather(
        ann.post(f"{ASKS}/keep", {"passage": NEEDLES, "ask": ["what-it-is"]}),
        bo.post(f"{ASKS}/not-said", {"ask": "age-limits"}),
    )
    assert await chosen(store) == {"what-it-is": [NEEDLES], "age-limits": []}
    authors = {one.actor for one in await store.audits("kneecare") if one.about == "asks"}
    assert len(authors - {"seed"}) == 2


async def test_choices_are_counted_as_changes_until_they_are_published(ann, app, built):  # noqa: F811
    await ann.publish(app)
    await ann.post(f"{ASKS}/keep", {"passage": NEEDLES, "ask": ["what-it-is"]})
    page = await ann.post(f"{ASKS}/not-said", {"ask": "age-limits"})
    assert "2 changes are saved" in plain(page)
    rebuilt = await ann.rebuild(app)
    assert f'href="{ASKS}"' in rebuilt.split('id="build"')[1]
    publish = plain(await ann.get(f"{SITE}/publish"))
    assert "For 2 questions it was decided anew" in publish
    assert "What visitors ask: Kept 1 question for “What if I hate needles?”" in publish
    await ann.publish(app)
    assert "Visitors get exactly this text." in plain(await ann.get(ASKS))


async def test_a_question_or_a_passage_that_is_not_there_changes_nothing(ann, store, built):  # noqa: F811
    for path, form in (
        ("keep", {"passage": "p-gone", "ask": "what-it-is"}),
        ("keep", {"passage": NEEDLES, "ask": "no-such-ask"}),
        ("strike", {"passage": NEEDLES, "ask": "no-such-ask"}),
        ("not-said", {"ask": "no-such-ask"}),
        ("reopen", {"ask": "no-such-ask"}),
    ):
        await ann.post(f"{ASKS}/{path}", form, status=404)
    assert await chosen(store) == {}


async def test_a_form_from_another_site_chooses_nothing(ann, store, built):  # noqa: F811
    answer = await ann.client.post(
        f"{ASKS}/not-said",
        data={"ask": "what-it-is"},
        headers={"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert await chosen(store) == {}


async def test_a_removed_passage_is_proposed_and_chosen_no_more(ann, store, built):  # noqa: F811
    await ann.post(f"{ASKS}/keep", {"passage": NEEDLES, "ask": ["what-it-is"]})
    revision = await ann.revision()
    await ann.post(f"{SITE}/pages/trigger-point-injections/passages/{NEEDLES}/remove", {"revision": revision})
    assert NEEDLES not in await ann.get(f"{ASKS}?all=1")
    assert "0 of" in plain(await ann.get(ASKS))
