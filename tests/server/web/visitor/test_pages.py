"""Pages and files a visitor or a clinic's webmaster opens."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha384
from html import unescape

import httpx
import pytest

from kb.importing.faqpage import faqpage_of, parse_faqpage
from kb.pages import Heading, Page
from kb.sites import Look, readable_accent
from server.web.guards.problems import MEDIA_TYPE
from server.web.visitor.clinic import page_blocks
from server.web.words.look import look_css
from tests.server.web.stand_in import PAGE, StandIn

TAGS = re.compile(r"<[^>]+>")


def words(html: str) -> str:
    """What a reader sees of a page, in one line."""
    return re.sub(r"\s+", " ", unescape(TAGS.sub(" ", html)))


async def test_the_start_page_leads_on_and_shows_the_line_to_embed(client: httpx.AsyncClient):
    page = (await client.get("/")).text
    for address in ("/sites/kneecare", "/sites/kneecare/ask", "/desk", "/editor"):
        assert f'href="{address}"' in page
    assert '<script async src="http://localhost:8000/widget.js" data-site="kneecare"></script>' in unescape(page)


async def test_the_demo_holds_every_word_of_the_clinics_page_in_order(client: httpx.AsyncClient):
    page = (await client.get("/sites/kneecare")).text
    shown = words(page.partition('<article class="prose">')[2].partition("</article>")[0])
    assert shown.split() == PAGE.text.replace("•", " ").split()
    assert '<script async src="/widget.js" data-site="kneecare"></script>' in page
    assert re.search(r'<noscript>.*href="/sites/kneecare/ask"', page)
    assert page.count("<h1>") == 1 and "<h2>Frequently Asked Questions</h2>" in page and "<li>Better sleep</li>" in page


async def test_a_site_without_a_build_still_offers_a_person(client: httpx.AsyncClient):
    page = await client.get("/sites/hipcare")
    assert page.status_code == 200 and "being prepared" in page.text and 'href="/sites/hipcare/ask"' in page.text


def test_a_page_is_cut_into_headings_paragraphs_and_lists():
    text = "Title\n\nOne.\nTwo.\n\n\n  • a\n  • b\n\nOdd •\n\n"
    page = Page("p", "Title", "", None, text, (Heading(0, 5, 1),), ())
    blocks = [(one.level, one.text, one.items) for one in page_blocks(page)]
    assert blocks == [(1, "Title", ()), (0, "One.\nTwo.", ()), (0, "", ("a", "b")), (0, "Odd •", ())]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, *;q=1.0", "gzip"),
        ("*", "br"),
        ("gzip", "gzip"),
        ("gzip;q=0, br", "br"),
        ("br;q=0, gzip;q=0", ""),
        ("identity", ""),
        ("", ""),
    ],
)
async def test_the_script_is_packed_as_small_as_the_browser_takes_it(
    client: httpx.AsyncClient, accepted: str, coding: str
):
    plain = await client.get("/widget.js", headers={"Accept-Encoding": "identity"})
    [digest] = re.findall(r"\w+", plain.headers["etag"])
    for address in ("/widget.js", f"/widget-{digest}.js"):
        response = await client.get(address, headers={"Accept-Encoding": accepted})
        assert response.content == plain.content  # unpacked by the client
        assert response.headers.get("content-encoding", "") == coding
        assert "Accept-Encoding" in response.headers["vary"]
        assert int(response.headers["content-length"]) < {"br": 17_000, "gzip": 20_000, "": 80_000}[coding]
        again = {"Accept-Encoding": accepted, "If-None-Match": response.headers["etag"]}
        assert (await client.get(address, headers=again)).status_code == 304
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_a_page_and_a_snippet_show_911_without_scripts(client: httpx.AsyncClient):
    page = (await client.get("/sites/kneecare")).text
    assert 'href="tel:911"' in page[page.index("<noscript>") :] and 'href="tel:988"' in page
    assert '<noscript><a href="tel:911">' in unescape((await client.get("/")).text)


async def test_the_widget_is_served_fresh_or_pinned_for_ever(client: httpx.AsyncClient):
    fresh = await client.get("/widget.js", headers={"Accept-Encoding": "identity"})
    again = await client.get(
        "/widget.js", headers={"Accept-Encoding": "identity", "If-None-Match": fresh.headers["etag"]}
    )
    assert (
        fresh.headers["content-type"].startswith("text/javascript") and "max-age=300" in fresh.headers["cache-control"]
    )
    assert again.status_code == 304 and again.content == b""
    snippet = unescape((await client.get("/")).text)
    address, integrity = re.search(
        r'src="http://localhost:8000(/widget-\w+\.js)"[^>]*integrity="([^"]+)"', snippet
    ).groups()
    pinned = await client.get(address, headers={"Accept-Encoding": "identity"})
    assert pinned.content == fresh.content and "immutable" in pinned.headers["cache-control"]
    assert integrity == "sha384-" + b64encode(sha384(pinned.content).digest()).decode()
    assert pinned.headers["cross-origin-resource-policy"] == "cross-origin"
    assert (await client.get("/widget-000000000000.js")).status_code == 404


async def test_static_files_change_their_address_with_their_content(client: httpx.AsyncClient):
    [address] = re.findall(r'href="(/static/style\.css\?v=\w{12})"', (await client.get("/")).text)
    assert (await client.get(address)).headers["content-type"].startswith("text/css")
    assert (await client.get("/static/../app.py")).status_code == 404
    assert (await client.get("/static/%2e%2e/app.py")).status_code == 404


async def test_the_security_contact_is_a_valid_file(client: httpx.AsyncClient):
    lines = dict(line.split(": ", 1) for line in (await client.get("/.well-known/security.txt")).text.splitlines())
    assert lines["Contact"].startswith("http://localhost:8000/") and lines["Expires"].endswith("+00:00")


async def test_a_person_gets_a_page_for_a_problem_and_a_program_gets_json(client: httpx.AsyncClient):
    page = await client.get("/nothing", headers={"Accept": "text/html"})
    assert page.status_code == 404 and "911" in page.text and page.headers["content-type"].startswith("text/html")
    assert (await client.get("/nothing")).headers["content-type"] == MEDIA_TYPE


async def test_every_door_and_its_problems_are_described(client: httpx.AsyncClient):
    described = (await client.get("/openapi.json")).json()
    doors = {(method, path) for path, methods in described["paths"].items() for method in methods}
    conversation = "/api/v1/conversations/{conversation_id}"
    assert doors >= {
        ("get", "/api/v1/sites/{site}"),
        ("post", "/api/v1/sites/{site}/ask"),
        ("post", "/api/v1/sites/{site}/conversations"),
        *(("post", f"{conversation}/{door}") for door in ("messages", "handover", "feedback", "typing")),
        ("get", f"{conversation}/place"),
        ("get", f"{conversation}/events"),
        ("get", "/api/v1/receipts"),
        ("delete", "/api/v1/receipts"),
    }
    responses = described["paths"][f"{conversation}/messages"]["post"]["responses"]
    assert {"201", "400", "401", "404", "413", "415", "422", "429", "500", "503"} <= responses.keys()
    assert responses["422"]["content"].keys() == {MEDIA_TYPE}
    for status, response in described["paths"][f"{conversation}/events"]["get"]["responses"].items():
        assert response["content"].keys() == {"text/event-stream" if status == "200" else MEDIA_TYPE}
    assert "HTTPValidationError" not in json.dumps(described["paths"])


async def test_a_sites_look_is_a_style_sheet_and_nothing_more(client: httpx.AsyncClient, assistants: StandIn):
    assert (await client.get("/sites/kneecare/look.css")).text == ""
    look = Look(accent="#a02060", radius_px=2, font='Georgia, "x"; } body { display: none')
    kneecare = assistants.sites["kneecare"]
    assistants.sites["kneecare"] = kneecare.model_copy(update={"look": look})
    css = (await client.get("/sites/kneecare/look.css")).text
    assert "--radius: 2px" in css and "#a02060" in css
    assert css.count("{") == css.count("}") == 3 and "body {" not in css
    assert look_css(look) == css


async def test_an_accent_kept_from_before_it_was_checked_reaches_the_widget_darker(
    client: httpx.AsyncClient, assistants: StandIn
):
    kneecare = assistants.sites["kneecare"]
    assistants.sites["kneecare"] = kneecare.model_copy(update={"look": Look(accent="#ffcc00")})
    assert (await client.get("/api/v1/sites/kneecare")).json()["look"]["accent"] == readable_accent("#ffcc00")


# Of schema.org's definitions, those that the markup uses: https://schema.org/FAQPage, /Question, /Answer.
PROPERTIES: dict[str, dict[str, str]] = {
    "FAQPage": {"mainEntity": "Question"},
    "Question": {"name": "Text", "acceptedAnswer": "Answer"},
    "Answer": {"text": "Text"},
}


def _strangers(node: object, expected: str) -> Iterator[str]:
    """What of a node is not as its type is defined: another type, a property it has not or lacks, or one of another kind."""
    if expected == "Text":
        yield from [] if isinstance(node, str) and node.strip() else [f"no text: {node!r}"]
        return
    if not isinstance(node, dict) or node.get("@type") != expected:
        yield f"no {expected}: {node!r}"
        return
    held = node.keys() - {"@type"} - ({"@context"} if expected == "FAQPage" else set())
    yield from [f"{expected} has {held}"] if held != PROPERTIES[expected].keys() else []
    for name, kind in PROPERTIES[expected].items():
        values = node.get(name)
        for value in values if isinstance(values, list) else [values]:
            yield from _strangers(value, kind)


async def test_the_published_questions_are_faq_markup_word_for_word(client: httpx.AsyncClient, assistants: StandIn):
    response = await client.get("/api/v1/sites/kneecare/faq.jsonld")
    assert response.headers["content-type"] == "application/ld+json" and "max-age" in response.headers["cache-control"]
    markup = response.json()
    assert (markup["@context"], markup["@type"]) == ("https://schema.org", "FAQPage")
    pages = assistants.pages("kneecare")
    asked = {one.question: page.text_of(one) for page in pages for one in page.passages if one.question}
    assert asked and {one["name"]: one["acceptedAnswer"]["text"] for one in markup["mainEntity"]} == asked
    assert list(_strangers(markup, "FAQPage")) == []
    assert "</" not in faqpage_of([("Is </script> safe?", "Yes.")]) and parse_faqpage(faqpage_of([("A < B?", "C")]))
    assert (await client.get("/api/v1/sites/nowhere/faq.jsonld")).status_code == 404
