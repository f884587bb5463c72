"""What stands in front of the server, as the doctor finds it: its settings, and a request through the public address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from server.core.networks import is_loopback
from server.examined import Examined, Standing
from server.settings import Settings

FORGED = "192.0.2.1"  # of no one (RFC 5737)
ANSWERS_WITHIN_S = 5.0
DOCS = "See server/docs/proxies.md"


async def examine_front(settings: Settings) -> list[Examined]:
    """Whether addresses and https reach the server, and figures stay within. Asks nobody but ADVOCATE_PUBLIC_URL."""
    public = urlsplit(settings.public_url)
    if not public.hostname or is_loopback(public.hostname):
        return [Examined(Standing.NOT_SET, "proxy: no ADVOCATE_PUBLIC_URL; links and cookies are as asked")]
    if public.scheme == "https" and not settings.trusted_proxies:
        return [
            Examined(
                Standing.FAULT,
                f"proxy: {settings.public_url} is reached by https, so through a proxy, and no proxy is trusted: all visitors "
                f"count as one address, with ten new conversations a minute. Set ADVOCATE_TRUSTED_PROXIES. {DOCS}",
            )
        ]
    try:
        return await _ask_through(settings)
    except httpx.HTTPError as error:
        said = f"proxy: {settings.public_url} did not answer ({type(error).__name__}), so it was not tried"
        return [Examined(Standing.NOT_SET, said)]


async def _ask_through(settings: Settings) -> list[Examined]:
    """Ask the server at its public address how it sees us, while we say to be somebody else."""
    forged = {"X-Forwarded-For": FORGED}
    async with httpx.AsyncClient(
        base_url=settings.public_url, timeout=ANSWERS_WITHIN_S, trust_env=False, headers=forged
    ) as client:
        answer = await client.get("/healthz", params={"seen": "1"})
        figures = await client.get("/metrics")
    try:
        seen = answer.json()["seen"]
        faults = [*_faults(settings, seen), *_open_figures(settings, figures.status_code)]
    except (ValueError, KeyError, TypeError):
        return [Examined(Standing.NOT_SET, f"proxy: {settings.public_url} answers, but not as this server does")]
    good = f"proxy: {settings.public_url} passes on who asks, and how"
    return [Examined(Standing.FAULT, f"proxy: {one}. {DOCS}") for one in faults] or [Examined(Standing.GOOD, good)]


def _faults(settings: Settings, seen: dict[str, Any]) -> list[str]:
    is_https = urlsplit(settings.public_url).scheme == "https"
    faults = []
    if seen["address"] == FORGED:
        faults.append("whoever names an address in X-Forwarded-For is believed: have the proxy overwrite it")
    elif is_https and not seen["is_forwarded"]:
        faults.append(
            f"all visitors count as {seen['address']}: have the proxy set X-Forwarded-For, and ADVOCATE_TRUSTED_PROXIES name it"
        )
    if is_https and seen["scheme"] != "https":
        faults.append("requests seem to come by http: have the proxy set X-Forwarded-Proto")
    return faults


def _open_figures(settings: Settings, status: int) -> list[str]:
    return [f"{settings.public_url}/metrics can be read by anyone"] if status == 200 else []
