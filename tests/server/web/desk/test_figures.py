"""The desk's figures over HTTP, and the same for operators."""

from __future__ import annotations

import re
from html import unescape

import httpx
from fastapi import FastAPI

from server.storage import Handover, Store
from server.web.desk.figures import time_words
from tests.server.web.conftest import Visitor, begin
from tests.server.web.desk.conftest import Colleague, arrive, claimed


def row(page: str, name: str) -> list[str]:
    found = re.search(rf'<tr><th scope="row">{name}</th>(.*?)</tr>', page)
    assert found, name
    return re.findall("<td[^>]*>(.*?)</td>", found[1])


async def test_claims_answers_and_backlog_are_told_by_reason_and_hour_and_drawn(
    pat: Colleague, app: FastAPI, store: Store, handover: Handover, visitor: Visitor, client: httpx.AsyncClient
):
    mine = await claimed(pat, store, visitor, handover)
    await pat.write(mine, "Hello, this is Pat.")
    await (await begin(client)).say("I have chest pain")
    page = unescape((await pat.client.get("/desk/figures?days=1")).text)
    came, claim, *_, answer, slow, waiting = row(page, "Health question")
    assert (came, waiting) == ("1", "0") and re.fullmatch(r"\d s", claim) and re.fullmatch(r"\d s", answer) and slow
    assert row(page, "Emergency")[0] == "1" and row(page, "Emergency")[-1] == "1"
    assert sum(int(number) for number in re.findall(r'row">\d+:00</th><td class="number">(\d+)', page)) == 2
    assert page.count("<svg") - page.count('aria-hidden="true"') >= 2 and page.count('role="img"') == 2
    hip = await arrive(app, store, "Hip", sites=("hipcare",))
    assert row((await hip.client.get("/desk/figures")).text, "Emergency")[0] == "0"
    assert (await hip.client.get("/desk/figures?site=kneecare")).status_code == 404


async def test_operators_read_the_same_without_a_visitors_words(
    pat: Colleague, store: Store, handover: Handover, visitor: Visitor
):
    async def told() -> str:
        return (await pat.client.get("/metrics")).text

    assert 'advocate_backlog{reason="clinical",site="kneecare"} 1.0' in await told()
    await pat.write(await claimed(pat, store, visitor, handover), "Hello, this is Pat.")
    figures = await told()
    assert "advocate_backlog{" not in figures and "knee all right" not in figures
    for name in ("claim_seconds", "first_response_seconds"):
        assert re.search(rf'advocate_{name}{{quantile="0.9",reason="clinical",site="kneecare"}} \d', figures)
    assert 'advocate_promises{kept="no",reason="clinical",site="kneecare"}' in figures
    assert re.search(r'advocate_handovers{hour="\d\d",reason="clinical",site="kneecare"} 1\.0', figures)


def test_times_are_told_in_the_unit_that_fits():
    told = {None: "–", 45: "45 s", 720: "12 min", 3600: "1 h", 11100: "3 h 5 min", 200_000: "2 days"}
    assert {seconds: time_words(seconds) for seconds in told} == told
