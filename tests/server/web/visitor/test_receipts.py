"""What a receipt code opens, by forms alone."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.server.web.conftest import begin
from tests.server.web.visitor.test_ask import ASK
from tests.server.web.visitor.test_pages import words

DOORS = ("/receipts", "/receipts/download", "/receipts/erase", "/receipts/resume")


@pytest.fixture
async def code(client: httpx.AsyncClient) -> str:
    """The receipt code of a chat in which a quote and a handover stand."""
    client.follow_redirects = True
    client.headers["Sec-Fetch-Site"] = "same-origin"
    visitor = await begin(client)
    for text in ("What is a trigger point?", "Is it right for my knee?"):
        assert (await visitor.say(text)).status_code == 201
    return visitor.receipt


async def test_a_code_is_entered_and_its_chat_is_read(client: httpx.AsyncClient, code: str):
    form = (await client.get("/receipts")).text
    assert 'name="code"' in form and 'href="tel:911"' in form
    page = await client.post("/receipts", data={"code": f" {code.lower()} "})
    assert "Is it right for my knee?" in page.text and "A trigger point is a taut band of muscle" in words(page.text)
    assert page.headers["cache-control"] == "no-store" and code not in str(page.url)


async def test_it_is_downloaded_as_text_with_quotes_word_for_word(client: httpx.AsyncClient, code: str):
    file = await client.post("/receipts/download", data={"code": code})
    assert file.headers["content-disposition"].startswith("attachment") and file.headers["content-type"].startswith(
        "text/plain"
    )
    assert "You:\nIs it right for my knee?" in file.text and "A trigger point is a taut band of muscle" in file.text


async def test_it_is_erased_when_asked_twice(client: httpx.AsyncClient, code: str):
    asked = await client.post("/receipts/erase", data={"code": code})
    assert "This cannot be undone." in asked.text and "Is it right for my knee?" in asked.text
    done = await client.post("/receipts/erase", data={"code": code, "sure": "yes"})
    assert "The text of this conversation was erased." in done.text
    assert "Is it right for my knee?" not in (await client.post("/receipts", data={"code": code})).text
    assert (await client.post("/receipts/resume", data={"code": code})).status_code == 404


async def test_one_goes_on_with_it_on_the_page_without_scripts(client: httpx.AsyncClient, code: str):
    page = await client.post("/receipts/resume", data={"code": code})
    assert page.url.path == ASK and "Is it right for my knee?" in page.text
    key = re.search(r'name="key" value="([^"]*)"', page.text)[1]  # type: ignore[index]
    assert "and in the morning?" in (await client.post(ASK, data={"text": "and in the morning?", "key": key})).text
    assert "and in the morning?" in (await client.post("/receipts", data={"code": code})).text


@pytest.mark.parametrize("door", DOORS)
async def test_a_code_that_opens_nothing_says_so_beside_the_field(client: httpx.AsyncClient, code: str, door: str):
    response = await client.post(door, data={"code": "ABCDE-FGHJK", "lang": "es"})
    assert response.status_code == 404 and "Ningún chat tiene este código" in response.text
    assert 'value="ABCDE-FGHJK"' in response.text


@pytest.mark.parametrize("door", DOORS)
async def test_another_sites_page_can_do_none_of_it(client: httpx.AsyncClient, code: str, door: str):
    response = await client.post(door, data={"code": code, "sure": "yes"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403


async def test_the_pages_receipt_leads_there(client: httpx.AsyncClient, code: str):
    assert 'href="/receipts?lang=en"' in (await client.post("/receipts/resume", data={"code": code})).text
