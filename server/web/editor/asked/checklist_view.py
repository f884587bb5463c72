"""What visitors ask, as the editor sees it: by passage, by question, and what the page probably does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.builds.manifest import BuildRefused
from kb.asks import load_asks
from kb.pages import Page, Passage
from server.asks import AskRow, State, read_asks
from server.web.editor.asked.checklist_screens import (
    Around,
    Chip,
    Option,
    PackCard,
    PassageCard,
    PassagesScreen,
    Progress,
    QuestionCard,
    QuestionsScreen,
    RestScreen,
)
from server.web.editor.frame import frame_of
from server.web.editor.reading import SiteText, Visit, read_text
from server.web.editor.screens import Link
from server.web.editor.text.changes import heading_of
from server.web.words.wording import counted

TAB, REST = "What visitors ask", "Probably not said"
CARDS = 10  # on one screen
WAYS = 3  # of asking, shown under a question
ROWS = 40  # of a kind of visit, shown at once
NOT_BUILT = "Make your text ready first. Then each question stands beside the words that may answer it."
PACKS: Mapping[str, str] = {
    "any": "Any visit",
    "child": "Children",
    "course": "A course of several sessions",
    "eyes": "Eyes",
    "injection": "Injections",
    "intimate": "Intimate examinations",
    "operation": "Operations",
    "sedation": "Sedation and anaesthesia",
    "skin": "Skin",
    "teeth": "Teeth",
    "test": "Tests and scans",
    "visit": "Booking and visiting",
}
SHOWS: Mapping[str, tuple[State, str]] = {
    "open": (State.UNDECIDED, "Still open"),
    "answered": (State.ANSWERED, "Answered"),
    "not-said": (State.NOT_SAID, "Not on our page"),
}
LEADS: Mapping[str, str] = {
    "open": "Would the marked words by themselves answer everyone who asks this? If they only speak of the same subject, choose "
    "other words, or say that your page does not say. The ones we are least sure of come first.",
    "answered": "Visitors who ask these are quoted the words beside them.",
    "not-said": "Visitors who ask these reach a person. These are gaps you may want to write about.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions of a site with its text. `problem` says why there are none."""

    text: SiteText
    rows: tuple[AskRow, ...]
    places: Mapping[str, tuple[Page, Passage]]
    problem: str = ""

    def of(self, state: State) -> list[AskRow]:
        return [row for row in self.rows if row.state is state]


async def read_asked(visit: Visit) -> Asked:
    text = await read_text(visit)
    places = {passage.passage_id: (page, passage) for page in text.pages for passage in page.passages}
    try:
        rows = await read_asks(visit.publisher, visit.name) if text.pages else ()
    except BuildRefused:
        rows = ()
    return Asked(text, rows, places, "" if rows else NOT_BUILT)


def passages_screen(
    visit: Visit,
    asked: Asked,
    *,
    is_all: bool = False,
    said: str = "",
    problem: str = "",
    typed: tuple[str, str] = ("", ""),
) -> PassagesScreen:
    """By passage, the one with the least certain proposal first; all of them in reading order when that is wanted."""
    cards = _passage_cards(asked, is_all=is_all)
    shown = cards if is_all else cards[:CARDS]
    url = f"{visit.url}/asks"
    return PassagesScreen(
        frame=frame_of(visit, asked.text, here=TAB),
        around=_around(visit, asked, "By passage", said, problem),
        cards=tuple(shown),
        titles=tuple(sorted(ask.title for ask in load_asks())) if shown else (),
        shown="" if is_all or not cards else f"{counted(len(cards), 'passage', 'passages')} to look at",
        other=Link("Show only what is to look at", url) if is_all else Link("Show all passages", f"{url}?all=1"),
        is_all=is_all,
        typed=typed[1],
        typed_for=typed[0],
    )


def questions_screen(visit: Visit, asked: Asked, show: str, *, said: str = "", problem: str = "") -> QuestionsScreen:
    """By question, the least certain first."""
    state, _ = SHOWS[show]
    rows = asked.of(state)
    limit = CARDS if state is State.UNDECIDED else len(rows)
    url = f"{visit.url}/asks/questions"
    return QuestionsScreen(
        frame=frame_of(visit, asked.text, here=TAB),
        around=_around(visit, asked, "By question", said, problem),
        cards=tuple(_question_card(asked, row) for row in rows[:limit]),
        shows=tuple(
            Link(f"{words} ({len(asked.of(one))})", f"{url}?show={name}", name == show)
            for name, (one, words) in SHOWS.items()
        ),
        show=show,
        lead=LEADS[show],
        shown=f"{len(rows) - limit:,} more follow" if len(rows) > limit else "",
        rest_url=f"{visit.url}/asks/rest",
    )


def rest_screen(visit: Visit, asked: Asked, *, said: str = "") -> RestScreen:
    """What the page probably does not say, by kind of visit."""
    unlikely = [row for row in asked.of(State.UNDECIDED) if not row.is_possible]
    cards = []
    for pack, title in PACKS.items():
        rows = [row for row in unlikely if row.pack == pack]
        if rows:
            more = f"{len(rows) - ROWS} more of these follow." if len(rows) > ROWS else ""
            chips = tuple(Chip(row.id, row.title, False) for row in rows[:ROWS])
            cards.append(PackCard(pack, f"{title} ({len(rows)})", chips, more))
    around = _around(visit, asked, REST, said, "")
    return RestScreen(frame_of(visit, asked.text, here=TAB), around, tuple(cards))


def _around(visit: Visit, asked: Asked, here: str, said: str, problem: str) -> Around:
    url = f"{visit.url}/asks"
    unlikely = sum(not row.is_possible for row in asked.of(State.UNDECIDED))
    views = (
        ("By passage", url, ""),
        ("By question", f"{url}/questions", ""),
        (REST, f"{url}/rest", f" ({unlikely})"),
    )
    return Around(
        views=tuple(Link(f"{name}{more}", href, name == here) for name, href, more in views),
        progress=_progress(asked, said),
        action=url,
        problem=asked.problem or problem,
    )


def _progress(asked: Asked, said: str) -> Progress:
    total, open_ = len(asked.rows), len(asked.of(State.UNDECIDED))
    return Progress(total - open_, total, f"{total - open_:,} of {total:,} questions decided", said)


def _passage_cards(asked: Asked, *, is_all: bool) -> list[PassageCard]:
    kept: dict[str, list[AskRow]] = {}
    proposed: dict[str, list[AskRow]] = {}
    for row in asked.rows:
        for passage_id in row.chosen or ():
            kept.setdefault(passage_id, []).append(row)
        if row.chosen is None and row.is_possible:
            proposed.setdefault(row.passages[0], []).append(row)
    wanted = [*asked.places] if is_all else [*proposed]  # rows stand least certain first, and so do these
    return [_passage_card(asked, one, kept.get(one, ()), proposed.get(one, ())) for one in wanted if asked.rows]


def _passage_card(asked: Asked, passage_id: str, kept: Sequence[AskRow], proposed: Sequence[AskRow]) -> PassageCard:
    page, passage = asked.places[passage_id]
    chips = [Chip(row.id, row.title, False) for row in proposed] + [Chip(row.id, row.title, True) for row in kept]
    return PassageCard(
        passage_id=passage_id,
        heading=passage.question or heading_of(page, passage),
        text=page.text_of(passage),
        chips=tuple(chips),
        proposed=tuple(row.id for row in proposed),
        keep="Keep it" if len(proposed) == 1 else f"Keep all {len(proposed)}",
    )


def _question_card(asked: Asked, row: AskRow) -> QuestionCard:
    ask = next(one for one in load_asks() if one.id == row.id)
    options = [
        _option(asked, one, words, is_chosen=one in (row.chosen or ()))
        for one, words in zip(row.passages, row.words, strict=True)
    ]
    first = len(row.chosen) if row.chosen else 1
    return QuestionCard(
        ask_id=row.id,
        title=row.title,
        ways=tuple(sorted(ask.phrasings, key=len)[:WAYS]),
        options=tuple(options[:first]),
        others=tuple(options[first:]),
        state={State.UNDECIDED: "", State.ANSWERED: "Answered", State.NOT_SAID: "Not on our page"}[row.state],
        is_said=row.state is State.NOT_SAID,
    )


def _option(asked: Asked, passage_id: str, words: str, *, is_chosen: bool) -> Option:
    page, passage = asked.places[passage_id]
    text = page.text_of(passage)
    before, found, after = text.partition(words) if words and words in text else (text, "", "")
    return Option(passage_id, passage.question or heading_of(page, passage), before, found, after, is_chosen)
