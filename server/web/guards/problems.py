"""Errors as problem details (RFC 9457). The one place where an error becomes HTTP; none repeats what was sent.

On a visitor's doors a problem also carries a `reply`, so that a widget always has something true to show.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from traceback import extract_tb
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.errors import AdvocateError
from server.answers.assistants import UnknownSite
from server.core.reply import Reply
from server.desk import NotStored, PassageNotOffered, UnknownConversation
from server.editing import NoSuchPage, SavingBusy
from server.storage.database.faults import StorageUnavailable
from server.storage.talks.events import NotFound
from server.storage.talks.keys import KeyReused
from server.web.parts import parts_of
from server.web.words.bodies import Out
from server.web.words.texts import ENGLISH

VISITOR_DOORS = "/api/v1/"
WITH_REPLY = frozenset({400, 413, 422, 429, 500, 503})
IN_WORDS = {404: "Not here", 500: "Something failed here", 503: "Not possible now"}  # for people; else as HTTP has it
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = "2"


class ProblemBody(Out):
    """A problem (RFC 9457). A visitor's doors add a `reply` to show."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None
    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class ProblemScreen:
    """A page that says what went wrong and what to do."""

    title: str
    detail: str
    emergency_line: str
    crisis_line: str


# What /openapi.json says of every door of the visitors.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemBody, "description": HTTPStatus(status).phrase}
    for status in (400, 401, 404, 405, 413, 415, 422, 429, 500, 503)
}

logger = logging.getLogger(__name__)


class Problem(AdvocateError):
    """A request that is refused: its status, and in words what is wrong and the way out."""

    def __init__(
        self, status: int, detail: str, *, reply: Reply | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.reply = reply  # shown to a visitor in place of the usual one
        self.headers = headers or {}


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the app as problem details, or as a page where a person reads it."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    for error, status in STATUS_OF.items():
        app.add_exception_handler(error, _expected(status))


# Errors of the parts behind these doors, and what they mean to someone who came through one.
STATUS_OF: dict[type[AdvocateError], int] = {
    StorageUnavailable: 503,
    NotStored: 503,
    UnknownConversation: 404,
    UnknownSite: 404,
    NotFound: 404,
    KeyReused: 422,
    PassageNotOffered: 422,
    NoSuchPage: 404,
    SavingBusy: 503,
}


def describe_problems(openapi: dict[str, Any]) -> dict[str, Any]:
    """Name the media type that problems really have: FastAPI writes its routes' own."""
    for path in openapi["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if status in map(str, PROBLEMS) and "content" in response:
                    [content] = response["content"].values()
                    response["content"] = {MEDIA_TYPE: content}
    return openapi


def problem_response(request: Request, problem: Problem, errors: list[dict[str, str]] | None = None) -> Response:
    """The problem as JSON, or as a page for a person whose browser asked for one."""
    title = HTTPStatus(problem.status).phrase
    is_visitors = request.url.path.startswith(VISITOR_DOORS)
    if not is_visitors and "text/html" in request.headers.get("accept", ""):
        parts = parts_of(request)
        crisis_line = parts.assistants.policy.replies.crisis_line.en
        screen = ProblemScreen(IN_WORDS.get(problem.status, title), problem.detail, ENGLISH.emergency_line, crisis_line)
        page = parts.templates.page("problem.html", screen, status=problem.status)
        page.headers.update(problem.headers)
        return page
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": problem.status, "detail": problem.detail}
    if errors:
        body["errors"] = errors
    if is_visitors and problem.status in WITH_REPLY:
        body["reply"] = (problem.reply or parts_of(request).desk.unreachable()).as_json()
    headers = {"Cache-Control": "no-store", **problem.headers}
    return JSONResponse(body, problem.status, headers=headers, media_type=MEDIA_TYPE)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(request, error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = _DETAILS.get(error.status_code, HTTPStatus(error.status_code).phrase)
    return problem_response(request, Problem(error.status_code, detail, headers=dict(error.headers or {})))


async def _on_invalid(request: Request, error: Exception) -> Response:
    """What was wrong, by the names of our own fields. pydantic's `input` is the visitor's words: left out."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["loc"][0] == "path" for one in found):
        return problem_response(request, Problem(404, _DETAILS[404]))
    if any(one["type"] == "json_invalid" for one in found):
        return problem_response(request, Problem(400, _DETAILS[400]))
    errors = [{"at": ".".join(str(part) for part in one["loc"]), "what": one["msg"]} for one in found]
    is_header = all(one["loc"][0] == "header" for one in found)
    detail = "; ".join(f"{one['at']}: {one['what']}" for one in errors[:3])
    return problem_response(request, Problem(400 if is_header else 422, detail), errors)


def _expected(status: int) -> Any:
    async def answer(request: Request, error: Exception) -> Response:
        headers = {"Retry-After": RETRY_AFTER_S} if status == 503 else {}
        reply = error.reply if isinstance(error, NotStored) else None
        return problem_response(request, Problem(status, str(error), reply=reply, headers=headers))

    return answer


_DETAILS = {
    400: "The body is not readable JSON in UTF-8. Send one JSON object.",
    404: "There is nothing at this address. Look at /openapi.json for what there is.",
    405: "This address does not take that method. The Allow header names those it takes.",
    413: "The body is larger than this address takes. Send less.",
}


class Faults:
    """Answers a fault of our own with a problem, and logs where it was but no value: values are visitors' words."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_started = False

        async def watched_send(message: Message) -> None:
            nonlocal is_started
            is_started = is_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except Exception as error:  # noqa: BLE001  a fault is logged here without its values, and only here
            _log_fault(error, scope)
            if not is_started:
                problem = Problem(500, "Something failed on our side, and it is logged. Please try again.")
                await problem_response(Request(scope), problem)(scope, receive, send)


def _log_fault(error: Exception, scope: Scope) -> None:
    frames = (f"{frame.filename}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)[-6:])
    conversation_id = scope.get("path_params", {}).get("conversation_id", "-")
    route = getattr(scope.get("route"), "path", "-")
    logger.error(
        "%s at %s %s, conversation %s; %s",
        type(error).__name__, scope["method"], route, conversation_id, " < ".join(reversed(list(frames))),
    )  # fmt: skip
