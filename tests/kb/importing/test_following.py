"""A whole site is read politely: its own pages, as its robots.txt allows, slowly, and never another's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kb.importing import ImportFailed, Politeness, Skipped, Source, fetching, follow, without_repeated
from kb.pages import Page
from kb.shaping.blocks import Block
from kb.shaping.layout import assemble

CALL = "Call us to book your visit today."


def html(title: str, *links: str) -> str:
    menu = "".join(f'<a href="{link}">{link}</a>' for link in links)
    return f"<html><title>{title}</title><body><nav>{menu}</nav><main><h1>{title}</h1><p>About {title}.</p></main>"


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        site: Clinic = self.server.clinic  # type: ignore[attr-defined]
        site.asked.append(self.path)
        body = site.pages.get(self.path)
        if self.path in site.moved:
            self.send_response(302)
            self.send_header("Location", site.moved[self.path])
        else:
            self.send_response(site.status.get(self.path, 404 if body is None else 200))
            kind = (
                "text/plain"
                if self.path.endswith(".txt")
                else "application/xml"
                if self.path.endswith(".xml")
                else "text/html"
            )
            self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Clinic:
    """A clinic's site on loopback; what was asked of it stands in `asked`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pages: dict[str, str] = {}
        self.moved: dict[str, str] = {}
        self.status: dict[str, int] = {}
        self.asked: list[str] = []
        self.paused: list[float] = []

    def read(self, start: str = "/", **how) -> list[Source | Skipped]:
        polite = Politeness(**{"allow_private": True, "pause": self.paused.append, **how})
        return list(follow(self.url + start, polite, lambda done, total: None))


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as server:
        clinic = server.clinic = Clinic(f"http://127.0.0.1:{server.server_port}")  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield clinic
        server.shutdown()


def names(found: list[Source | Skipped]) -> list[str]:
    return [one.page_id for one in found if isinstance(one, Source)]


def skipped(found: list[Source | Skipped]) -> str:
    return "\n".join(f"{one.address} {one.why}" for one in found if isinstance(one, Skipped))


def test_links_are_followed_within_the_site_once_each(clinic):
    clinic.pages = {
        "/": html(
            "Home",
            "/knees/",
            "/knees/#top",
            "https://elsewhere.example/",
            "/leaflet.pdf",
            "mailto:a@b.org",
            "http://[/",
        ),
        "/knees/": html("Knees", "/", "/knees/index.html", "/hips/faq.html", "/gone"),
        "/hips/faq.html": html("Hips"),
    }
    found = clinic.read()
    assert names(found) == ["127-0-0-1", "knees", "hips-faq"]
    assert "/gone the site answered 404" in skipped(found).replace(f"{clinic.url}/gone: ", "")
    assert clinic.asked == ["/robots.txt", "/sitemap.xml", "/", "/knees/", "/hips/faq.html", "/gone"]
    assert clinic.paused == [1.0] * 5


def test_a_sitemap_names_the_pages(clinic):
    url = clinic.url
    clinic.pages = {
        "/robots.txt": f"User-agent: *\nDisallow:\nSitemap: {url}/index.xml\n",
        "/index.xml": f"<sitemapindex><sitemap><loc>{url}/pages.xml</loc></sitemap><sitemap><loc>https://other.example/x.xml</loc></sitemap></sitemapindex>",
        "/pages.xml": f"<urlset><url><loc>{url}/a?x=1&amp;y=2</loc></url><url><loc>https://other.example/b</loc></url><url><loc>{url}/</loc></url></urlset>",
        "/": html("Home", "/linked"),
        "/a?x=1&y=2": html("A"),
    }
    assert names(clinic.read()) == ["127-0-0-1", "a"]
    assert "/linked" not in clinic.asked


def test_robots_txt_is_honoured(clinic):
    clinic.pages = {
        "/robots.txt": "User-agent: patient-advocate\nCrawl-delay: 3\nDisallow: /staff\n",
        "/": html("Home", "/staff/rota", "/knees"),
        "/staff/rota": html("Rota"),
        "/knees": html("Knees"),
    }
    found = clinic.read()
    assert names(found) == ["127-0-0-1", "knees"] and "robots.txt asks not to" in skipped(found)
    assert "/staff/rota" not in clinic.asked and set(clinic.paused[1:]) == {3.0}
    with pytest.raises(ImportFailed, match="robots.txt asks not to read it"):
        clinic.read("/staff/rota")


def test_a_site_whose_rules_cannot_be_read_is_left_alone(clinic):
    clinic.pages, clinic.status = {"/": html("Home")}, {"/robots.txt": 503}
    with pytest.raises(ImportFailed, match="503.*not known what may be read"):
        clinic.read()
    assert clinic.asked == ["/robots.txt"]


def test_no_more_pages_than_the_limit_are_read_and_that_is_told(clinic):
    clinic.pages = {"/": html("Home", *(f"/{n}" for n in range(9)))} | {f"/{n}": html(str(n)) for n in range(9)}
    found = clinic.read(limit=3)
    assert len(names(found)) == 3 and "more than 3 pages; give a higher --limit" in skipped(found)


def test_a_redirect_to_another_site_or_to_a_page_that_was_read_gives_nothing(clinic):
    clinic.pages = {"/": html("Home", "/same", "/away"), "/same": "", "/away": ""}
    clinic.moved = {"/same": "/", "/away": clinic.url.replace("127.0.0.1", "localhost") + "/"}
    found = clinic.read()
    assert names(found) == ["127-0-0-1"] and "leads to another site" in skipped(found)


def test_a_site_on_a_private_network_is_refused_also_when_a_name_changes_its_mind(clinic, monkeypatch):
    clinic.pages = {"/": html("Home", "/knees"), "/knees": html("Knees")}
    with pytest.raises(ImportFailed, match="private network"):
        clinic.read(allow_private=False)
    answers = iter([True, True, True, False])  # robots.txt, sitemap, the first page; then the name leads elsewhere
    monkeypatch.setattr(fetching, "_is_public", lambda _: next(answers))
    found = clinic.read(allow_private=False)
    assert names(found) == ["127-0-0-1"] and "private network" in skipped(found)


def page(name: str, *words: str, close: str = CALL) -> Page:
    blocks = [
        Block("heading", name, level=1),
        *(Block("paragraph", one) for one in words),
        Block("heading", "Visit us", level=2),
    ]
    return assemble([*blocks, Block("paragraph", close)], page_id=name, title=name, url="")


def test_what_most_pages_repeat_is_kept_once_and_listed():
    closes = [CALL, CALL.upper(), CALL.replace("today.", "today!")]
    pages = [
        page(name, f"Wait {number} hours.", close=close)
        for number, (name, close) in enumerate(zip("abc", closes, strict=True))
    ]
    kept, repeated = without_repeated(pages)
    assert [[one.text_of(passage) for passage in one.passages] for one in kept] == [
        ["Wait 0 hours.", CALL],
        ["Wait 1 hours."],
        ["Wait 2 hours."],
    ]
    assert "Visit us" not in kept[1].text and kept[1].left_out == (f"repeated on every page: {CALL.upper()}",)
    assert [(one.text, one.pages, one.kept_on) for one in repeated] == [(CALL, 3, "a")]


def test_what_two_pages_share_and_answers_stay_everywhere():
    assert without_repeated([page("a", "One."), page("b", "Two.")])[1] == ()
    answer = Block("faq", "Yes.", question="Does it hurt?")
    pages = [assemble([answer], page_id=name, title=name, url="") for name in "abc"]
    assert without_repeated(pages) == (pages, ())
