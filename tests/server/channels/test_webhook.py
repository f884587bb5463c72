"""Alerts by webhook, against a real receiver; the signature checked by a second computation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest

from kb.labels import Label
from server.channels.sending import NotSent
from server.channels.webhook import Webhook, signature
from server.core.handing.addresses import parse_secret
from server.core.handing.alerts import alert_text
from tests.server.channels.receivers import Hook, web_server

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TEXT = alert_text(
    alert_id="a" * 32,
    site="kneecare",
    clinic="KneeCare Clinics",
    label=Label.CLINICAL,
    link="https://chat.clinic.example/desk/1",
    nth=2,
)


def test_the_signature_is_that_of_the_standards_own_example():
    # https://github.com/standard-webhooks/standard-webhooks: the vector its libraries test themselves with
    signed = signature(parse_secret(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_a_receiver_can_check_who_sent_it_and_reads_site_reason_and_link():
    hook = Hook()
    async with web_server(hook) as url:
        await Webhook(f"{url}/T/1", parse_secret(SECRET)).send(TEXT, "")
    [(path, headers, body)] = hook.requests
    assert path == "/T/1" and headers["webhook-id"] == TEXT.alert_id
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    told = json.loads(body)
    assert told["type"] == "handover.waiting"
    assert told["data"] == {
        "site": "kneecare",
        "clinic": "KneeCare Clinics",
        "reason": "clinical",
        "urgent": False,
        "call": 2,
        "link": TEXT.link,
        "text": TEXT.subject,
    }


async def test_without_a_secret_it_is_not_signed():
    hook = Hook()
    async with web_server(hook) as url:
        await Webhook(url, None).send(TEXT, "")
    assert "webhook-signature" not in hook.requests[0][1]


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_a_receiver_that_fails_is_told_of_without_the_path_and_recovers(status: int):
    hook = Hook(status=status)
    async with web_server(hook) as url:
        webhook = Webhook(f"{url}/secret-path", None)
        with pytest.raises(NotSent, match=f"answered {status}") as caught:
            await webhook.send(TEXT, "")
        hook.status = 204
        await webhook.send(TEXT, "")
    assert "secret-path" not in str(caught.value) and len(hook.requests) == 2


async def test_it_is_not_sent_elsewhere_by_a_redirect():
    elsewhere = Hook()
    async with web_server(elsewhere) as inner, web_server(Hook(status=307, location=inner)) as url:
        with pytest.raises(NotSent):
            await Webhook(url, None).send(TEXT, "")
    assert elsewhere.requests == []


async def test_a_receiver_that_hangs_is_left_and_one_that_is_gone_told_of():
    async with web_server(Hook(status=None)) as url:
        with pytest.raises(NotSent, match="did not answer"):
            await Webhook(url, None, try_s=0.3).send(TEXT, "")
    with pytest.raises(NotSent, match="could not be reached"):
        await Webhook(url, None).send(TEXT, "")
