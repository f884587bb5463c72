"""What every response says to the browser about trust, and which form posts are refused."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.web.guards.problems import Problem

# No 'unsafe-…', nothing inline, nothing from elsewhere; scripts may not turn text into markup.
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with no-referrer, form posts would come with Origin: null
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_OF_OTHER_SITES = ("/api/v1/", "/widget")  # what clinics' own pages load


class SecurityHeaders:
    """Adds the headers to every response; one that a route set itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _headers(scope, headers.get("content-type", "")).items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _headers(scope: Scope, content_type: str) -> dict[str, str]:
    is_shared = scope["path"].startswith(_OF_OTHER_SITES)
    headers = {
        **EVERYWHERE,
        "Content-Security-Policy": PAGE_POLICY if content_type.startswith("text/html") else DATA_POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin" if is_shared else "same-origin",
    }
    if scope["path"].startswith("/api/"):
        headers["Cache-Control"] = "no-store"
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


async def refuse_cross_site(request: Request) -> None:
    """Refuse a form post that another site's page sent (ASVS 3.5.1). A dependency of every route that takes a form.

    `Sec-Fetch-Site` decides where the browser sends it, else `Origin` must be this host; a client that sends
    neither is no browser and holds no cookie worth stealing.
    """
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    fetch_site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if fetch_site is not None:
        is_ours = fetch_site in {"same-origin", "none"}
    else:
        is_ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not is_ours:
        raise Problem(403, "This form came from another site, so nothing was done. Open the page here and try again.")
