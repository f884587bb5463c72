"""What a widget or a page shows of a site before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from kb.policy import Policy
from kb.sites import Hours, Site
from server.core.handing import hours
from server.desk import in_language
from server.web.words.look import look_body
from server.web.words.moments import date_in_words, day_name
from server.web.words.texts import Texts, texts_in


def site_body(site: Site, policy: Policy, *, language: str, now: datetime, can_mail: bool) -> dict[str, Any]:
    """Clinic, people, hours, look and every fixed text, in one language."""
    replies = policy.replies
    return {
        "site": site.site,
        "clinic": site.clinic,
        "topic": site.topic,
        "advocate": site.advocate,
        "language": language,
        "phone": site.phone,
        "answer_by": answer_by(site, now, language),
        "mail": texts_in(language).letter_mail if can_mail else "",
        "hours": list(hours_lines(site.hours, language)),
        "starters": list(site.starters),
        "look": look_body(site.look),
        "emergency": in_language(replies.emergency, language),
        "greeting": site.fill(in_language(replies.greeting, language)),
        "answer_line": in_language(replies.answer_line, language),
        "texts": site_texts(site, language).as_json(),
    }


def site_texts(site: Site, language: str) -> Texts:
    """The interface's texts with the site's names in them."""
    return texts_in(language).filled(advocate=site.advocate_first_name, topic=site.topic)


def hours_lines(weekly: Sequence[Hours], language: str) -> tuple[str, ...]:
    """One line a day, in words: "Monday 8:00 to 17:00". None when the clinic gives none."""
    texts = texts_in(language)
    by_day: dict[int, list[str]] = {}
    for one in sorted(weekly, key=lambda one: (one.day, one.opens)):
        span = texts.hours_span.replace("{opens}", one.opens).replace("{closes}", one.closes)
        by_day.setdefault(one.day, []).append(span)
    return tuple(f"{day_name(day, language)} {', '.join(spans)}" for day, spans in by_day.items())


def answer_by(site: Site, now: datetime, language: str, *, asked_at: datetime | None = None) -> str:
    """That the clinic is closed, if it is, and when an answer to what was asked, now or before, can be expected.

    Empty without hours, as nothing is known; and once that time is over: a promise does not move on.
    """
    when = hours.reply_by(site, asked_at or now)
    if when is None or when <= now:
        return ""
    texts, day = texts_in(language), day_name(when.weekday(), language)
    by = texts.answer_by.replace("{when}", f"{_named(when, now, day, language)}, {when:%H:%M}")
    return by if hours.is_open(site, now) else f"{texts.closed_now} {by}"


def _named(when: datetime, now: datetime, day: str, language: str) -> str:
    """A day by its name within a week, later by its date too."""
    is_soon = when - now < timedelta(days=6)
    return day if is_soon else f"{day}, {date_in_words(when.date().isoformat(), language)}"
