"""Limits: told with how long to wait, and never between a visitor and the emergency text."""

from __future__ import annotations

import httpx
import pytest

from server.settings import Settings
from server.web.limits import Window, take
from tests.server.web.conftest import Visitor, begin
from tests.server.web.guards.test_bad_input import problem_of, shows_the_way


@pytest.fixture
def settings() -> Settings:
    return Settings(rate_limit="on")


async def test_the_thirteenth_message_in_a_minute_waits(visitor: Visitor):
    statuses = [(await visitor.say(f"Hello {number}")).status_code for number in range(13)]
    assert statuses == [201] * 12 + [429]
    refused = await visitor.say("Hello?")
    assert shows_the_way(problem_of(refused, 429)["reply"])
    assert 0 < int(refused.headers["retry-after"]) <= 60


async def test_an_emergency_over_the_limit_is_answered_and_passed_on(visitor: Visitor):
    for number in range(12):
        await visitor.say(f"Hello {number}")
    urgent = await visitor.say("I can't breathe")
    assert urgent.status_code == 201
    assert urgent.json()["reply"]["outcome"] == "emergency" and urgent.json()["reply"]["handed_over"]
    replies = [await visitor.say(f"I can't breathe {number}") for number in range(13)]
    assert replies[-1].status_code == 429
    assert problem_of(replies[-1], 429)["reply"]["message"].startswith("This may be an emergency")


async def test_what_is_sent_too_soon_without_scripts_is_kept_with_when_to_send_it_again(client: httpx.AsyncClient):
    door = "/sites/kneecare/ask"
    client.headers["Accept"] = "text/html"
    for number in range(14):  # the first begins the conversation
        page = await client.post(door, data={"text": f"Hello {number}", "key": f"k{number}"})
    assert page.status_code == 429 and int(page.headers["retry-after"]) > 0
    assert "Hello 13</textarea>" in page.text and "it is kept here" in page.text and 'href="tel:988"' in page.text
    for number in range(13):
        page = await client.post(door, data={"text": f"I can't breathe {number}", "key": f"u{number}"})
    assert page.status_code == 429 and "Call 911 now" in page.text and "breathe 12</textarea>" in page.text


async def test_an_address_begins_ten_conversations_a_minute(client: httpx.AsyncClient):
    for _ in range(10):
        await begin(client)
    problem_of(await client.post("/api/v1/sites/kneecare/conversations"), 429)


async def test_an_address_asks_sixty_times_a_minute(client: httpx.AsyncClient):
    asked = [await client.post("/api/v1/sites/kneecare/ask", json={"text": "Hello"}) for _ in range(61)]
    assert [one.status_code for one in asked] == [200] * 60 + [429]
    urgent = await client.post("/api/v1/sites/kneecare/ask", json={"text": "chest pain"})
    assert urgent.json()["outcome"] == "emergency"


async def test_a_long_message_costs_its_address_what_it_costs_the_encoder(client: httpx.AsyncClient):
    asked = [await client.post("/api/v1/sites/kneecare/ask", json={"text": "Hello? " * 500}) for _ in range(5)]
    assert [one.status_code for one in asked] == [200] * 4 + [429]
    urgent = await client.post("/api/v1/sites/kneecare/ask", json={"text": "chest pain? " * 300})
    assert urgent.json()["outcome"] == "emergency"


def test_a_window_waits_until_there_is_room_for_all_turns():
    now = 0.0
    window = Window(4, per_s=10, clock=lambda: now)
    assert take((window, "a", 3)) == 0
    now = 4.0
    assert take((window, "a", 1)) == 0
    assert take((window, "a", 2)) == 6.0
    now = 10.0
    assert take((window, "a", 3)) == 0
    assert take((window, "a", 9)) == 10.0


def test_a_window_slides():
    now = 0.0
    window = Window(2, per_s=10, clock=lambda: now)
    assert take((window, "a", 1)) == 0 and take((window, "a", 1)) == 0
    now = 4.0
    assert take((window, "a", 1)) == 6.0
    assert take((window, "b", 1)) == 0
    now = 10.0
    assert take((window, "a", 1)) == 0


def test_a_turn_is_taken_in_every_window_or_in_none():
    narrow, wide = Window(1), Window(2)
    assert take((narrow, "x", 1), (wide, "x", 1)) == 0
    assert take((narrow, "x", 1), (wide, "x", 1)) > 0
    assert take((wide, "x", 1)) == 0
