"""Alerts by webhook, signed as standardwebhooks.com says: any receiver of that standard can check them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from server.channels.sending import TRY_S, NotSent
from server.core.handing.alerts import AlertText


class Webhook:
    """Posts to one address. It follows no redirect: only the address that was set is called, wherever it stands."""

    def __init__(
        self, url: str, secret: bytes | None, *, try_s: float = TRY_S, clock: Callable[[], float] = time.time
    ) -> None:
        self._url = url
        self._secret = secret
        self._try_s = try_s
        self._clock = clock

    @property
    def place(self) -> str:
        """Scheme and host alone: the path of many a webhook is its secret."""
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    async def send(self, text: AlertText, contact: str) -> None:
        del contact  # whoever listens there
        try:
            async with asyncio.timeout(self._try_s):
                status = await self._post(text)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise NotSent(f"{self.place} did not answer within {self._try_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NotSent(f"{self.place} could not be reached") from error
        if not 200 <= status < 300:
            raise NotSent(f"{self.place} answered {status}, where 200 to 299 was expected")

    async def _post(self, text: AlertText) -> int:
        """The status of the answer; its body is not read."""
        now = int(self._clock())
        body = payload(text, now)
        headers = {
            "content-type": "application/json",
            "user-agent": "patient-advocate",
            "webhook-id": text.alert_id,
            "webhook-timestamp": str(now),
        }
        if self._secret is not None:
            headers["webhook-signature"] = signature(self._secret, text.alert_id, now, body)
        client = httpx.AsyncClient(timeout=self._try_s, follow_redirects=False, trust_env=False)
        async with client, client.stream("POST", self._url, content=body, headers=headers) as answer:
            return answer.status_code


def payload(text: AlertText, now: int) -> bytes:
    """What is posted: site, reason and link, and no word of a visitor."""
    data = {
        "site": text.site,
        "clinic": text.clinic,
        "reason": text.reason,
        "urgent": text.is_urgent,
        "call": text.nth,
        "link": text.link,
        "text": text.subject,
    }
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    return json.dumps({"type": text.event, "timestamp": moment, "data": data}).encode()


def signature(secret: bytes, alert_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over id, time and body, joined by full stops."""
    signed = b".".join([alert_id.encode(), str(timestamp).encode(), body])
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
