"""A small stand-in for the visitor API, in one process with the test: it says what it is told and remembers what it heard."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

from kb.policy import load_policy
from server.web.visitor.widget_file import widget_file
from widget import path_of

POLICY = load_policy()
SCRIPT = widget_file(POLICY).script
# Nothing inline, no style at all, and no text may become markup.
STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'none'; connect-src 'self'; require-trusted-types-for 'script'"
)
SITE: dict[str, Any] = {
    "site": "kneecare",
    "clinic": "KneeCare Clinics",
    "topic": "trigger point injections for knee pain",
    "advocate": "Pat Cashen",
    "phone": "",
    "hours": [],
    "answer_by": "",
    "starters": [
        "What is a trigger point?",
        "What can I expect on the day of an injection?",
        "What if I hate needles?",
        "How long does it take before I notice an improvement?",
    ],
    "look": {"accent": "#0b6b6b", "radius_px": 10, "font": "system-ui, sans-serif"},
    "greeting": (
        "Hello, I am KneeCare Clinics's automated assistant. I can quote our page on trigger point injections for "
        "knee pain or pass you to our patient advocate."
    ),
}
NOTE = (
    "After an injection, fever, a hot or fast-swelling knee, or worsening pain needs a same-day call to a clinician. "
    "Trouble breathing, chest pain or swelling of the face: call 911."
)
EMERGENCY = (
    "This may be an emergency. Call 911 now or go to the nearest emergency room. Do not wait for a reply here. If you "
    "or someone else may be thinking of suicide or self-harm, call or text 988 at any time. Our patient advocate is "
    "being alerted too."
)
SENT = "I have passed your message on. Leave your name and the best way to reach you if you want a reply later."
PAGE = """<!doctype html><html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>KneeCare Clinics</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main><h1>Trigger point injections</h1>
{body}<p><a href="/elsewhere">Another page</a></p></main>
<script src="/early.js"></script><script async src="/widget.js" {site} {attributes}></script></body></html>"""
EARLY = """
window.news = []; window.violations = []; window.PatientAdvocate = window.PatientAdvocate || []
document.addEventListener('securitypolicyviolation', e => violations.push(e.violatedDirective + ' ' + e.blockedURI))
for (const name of ['ready', 'open', 'close', 'unread', 'handover'])
  window.PatientAdvocate.push(['on', name, e => news.push([name, e.detail])])
"""


def quote(text: str, marked: str, *, heading: str = "What to expect", reviewed: str | None = None) -> dict[str, Any]:
    start = text.index(marked)
    return {
        "text": text,
        "sha256": sha256(text.encode()).hexdigest(),
        "passage_id": sha256(text.encode()).hexdigest()[:8],
        "faq": None,
        "highlight": [start, start + len(marked)],
        "source": {
            "title": "Trigger point injections",
            "url": "/sites/kneecare",
            "heading": heading,
            "reviewed": reviewed,
            "link": "/sites/kneecare#:~:text=" + marked.split()[0],
        },
    }


def reply(label: str, message: str, **more: Any) -> dict[str, Any]:
    outcome = {"answer": "quote", "emergency": "emergency", "smalltalk": "smalltalk"}.get(label, "handover")
    shape: dict[str, Any] = {"note": None, "quotes": [], "suggestions": [], "build": "b1"}
    return (
        {"label": label, "outcome": outcome, "message": message, "handed_over": outcome in {"handover", "emergency"}}
        | shape
        | more
    )


ANSWER_LINE = "This is general information from our page, not medical advice."
HUMAN = reply("human", f"Of course. Our patient advocate will answer you. {SENT}")
REPLIES: dict[str, dict[str, Any]] = {
    "What is a trigger point?": reply(
        "answer",
        ANSWER_LINE,
        quotes=[
            quote(
                "A trigger point is a tight, tender spot in a muscle. It can send pain to other places, such as the "
                "front of the knee. Pressing on it often brings on the pain you know.",
                "A trigger point is a tight, tender spot in a muscle.",
                heading="About the treatment › What is a trigger point?",
            )
        ],
    ),
    "What can I expect?": reply(
        "answer",
        ANSWER_LINE,
        note=NOTE,
        quotes=[
            quote(
                "😀 On the day of your visit:\n• Wear loose clothing.\n• The injection takes “a few seconds”.\n• You "
                "may feel a little soreness for a day or two.",
                "You may feel a little soreness for a day or two.",
                reviewed="2025-03-03",
            ),
            quote("Most people drive home afterwards.", "Most people drive home afterwards.", heading="Going home"),
        ],
    ),
    "My knee is hot": reply(
        "clinical",
        "This is about someone's own health, so a person needs to answer it. I can't give medical advice. If it gets "
        f"worse or feels urgent, call 911. {SENT}",
    ),
    "What does it cost?": reply(
        "out_of_kb",
        f"Our page does not cover that, so I can't answer it. Our patient advocate can help. {SENT}",
        suggestions=[
            {"passage_id": "p1", "heading": "How to book a visit"},
            {"passage_id": "p2", "heading": "What happens at the first visit"},
        ],
    ),
    "How to book a visit": reply(
        "answer", ANSWER_LINE, quotes=[quote("Use the form on our page.", "Use the form on our page.")]
    ),
    "chest pain": reply("emergency", EMERGENCY),
    "hello": reply("smalltalk", SITE["greeting"]),
}
ALTERED = REPLIES["What is a trigger point?"]["quotes"][0] | {"text": "A trigger point is nothing to worry about."}
REPLIES["altered"] = reply("answer", ANSWER_LINE, quotes=[ALTERED | {"highlight": [0, 5]}])


@dataclass
class Api:
    """What the stub knows of its one conversation, and what a test tells it to do."""

    events: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    problem: tuple[int, dict[str, Any], dict[str, str]] | None = None  # what every POST gets instead
    delay_s: float = 0.0
    site_is_down: bool = False
    streams_are_down: bool = False
    loses_answers: bool = False  # takes what is posted, and never says so
    is_claimed: bool = False
    generation: int = 0  # a new number ends every open stream
    before: int = 0  # who waits before this visitor
    typed: int = 0  # how often the advocate was seen writing
    page: dict[str, str] = field(default_factory=dict)
    site: dict[str, Any] = field(default_factory=lambda: dict(SITE))
    changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, kind: str, author: str = "system", **body: Any) -> dict[str, Any]:
        with self.changed:
            event = {
                "seq": len(self.events) + 1,
                "kind": kind,
                "author": author,
                "at": datetime.now(UTC).isoformat(),
                **body,
            }
            self.events.append(event)
            self.changed.notify_all()
        return event

    def show_typing(self) -> None:
        with self.changed:
            self.typed += 1
            self.changed.notify_all()

    def drop_streams(self) -> None:
        with self.changed:
            self.generation += 1
            self.changed.notify_all()

    def posted(self, ending: str) -> list[tuple[Any, dict[str, str]]]:
        return [
            (body, headers)
            for method, path, body, headers in self.requests
            if method == "POST" and path.endswith(ending)
        ]

    def take(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any] | None:
        if path.endswith("/conversations"):
            return {"id": "c1", "token": "secret-token", "receipt": "K7QF-2M9X-81TD", "events": ""}
        if path.endswith(("/feedback", "/typing", "/seen")):
            return None
        if key in self.keys:
            return self.keys[key]
        result: dict[str, Any] = {"message": None, "reply": None}
        if path.endswith("/handover"):
            if any(body.values()):
                self.add("handover", "visitor", letter=body)
            else:
                result["reply"] = HUMAN
                self.add("handover", "assistant", reply=HUMAN)
        else:
            text = body.get("text") or "How to book a visit"
            said = REPLIES.get(text, REPLIES["hello"])
            event = self.add("message", "visitor", text=text)
            result["message"] = {name: event[name] for name in ("seq", "author", "text", "at")}
            if not self.is_claimed or said["outcome"] == "emergency":
                result["reply"] = said
                self.add({"smalltalk": "message"}.get(said["outcome"], said["outcome"]), "assistant", reply=said)
        self.keys[key] = result
        return result


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/"):
            self.api.requests.append(("GET", self.path, None, dict(self.headers)))
        if path == "/widget.js":
            self._send(200, SCRIPT, "text/javascript")
        elif path.startswith("/parts/"):
            self._send(200, path_of(path.removeprefix("/parts/").removesuffix(".mjs")).read_bytes(), "text/javascript")
        elif path == "/early.js":
            self._send(200, EARLY.encode(), "text/javascript")
        elif path.endswith("/events"):
            self._stream()
        elif path.endswith("/place"):
            self._send_json(200, {"before": self.api.before})
        elif path == "/api/v1/sites/kneecare":
            self._send_json(503 if self.api.site_is_down else 200, self.api.site)
        else:
            page = {
                "lang": "en",
                "dir": "ltr",
                "site": 'data-site="kneecare"',
                "attributes": "",
                "body": "<p>Our approved page.</p>" * 3,
            } | self.api.page
            self._send(
                200,
                PAGE.format(**page).encode(),
                "text/html; charset=utf-8",
                {"Content-Security-Policy": STRICT_POLICY},
            )

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.api.requests.append(("POST", self.path, body, dict(self.headers)))
        if self.api.delay_s:
            threading.Event().wait(self.api.delay_s)
        if self.api.problem:
            status, problem, headers = self.api.problem
            self._send_json(status, problem, headers)
            return
        result = self.api.take(self.path, body, self.headers.get("Idempotency-Key", ""))
        if self.api.loses_answers:
            self.close_connection = True
        elif result is None:
            self._send(204, b"", "text/plain")
        else:
            self._send_json(201, result)

    def _stream(self) -> None:
        if self.api.streams_are_down:
            self._send_json(503, {})
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        after = int(self.headers.get("Last-Event-ID") or 0)
        generation, typed = self.api.generation, self.api.typed
        said_at = monotonic()
        try:
            self.wfile.write(b"retry: 2000\n: connected\n\n")
            while generation == self.api.generation:
                with self.api.changed:
                    waiting = self.api.events[after:]
                    if not waiting and typed == self.api.typed:
                        self.api.changed.wait(0.2)
                for event in waiting:
                    data = json.dumps(event, ensure_ascii=False)
                    self.wfile.write(f"event: {event['kind']}\nid: {event['seq']}\ndata: {data}\n\n".encode())
                    after = event["seq"]
                if typed != self.api.typed:
                    typed = self.api.typed
                    self.wfile.write(b'event: typing\ndata: {"author": "advocate"}\n\n')
                if monotonic() - said_at > 1:
                    self.wfile.write(b": still here\n\n")
                    said_at = monotonic()
                self.wfile.flush()
        except OSError:
            pass
        self.close_connection = True

    def _send_json(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", headers)

    def _send(self, status: int, body: bytes, media_type: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def serve(api: Api) -> tuple[str, Callable[[], None]]:
    """Serve the stub on a free port; gives its address and what stops it."""
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"api": api}))
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, daemon=True).start()

    def stop() -> None:
        api.drop_streams()
        httpd.shutdown()
        httpd.server_close()

    return f"http://127.0.0.1:{httpd.server_port}", stop
