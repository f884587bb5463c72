"""Finds and opens the pages of one site, politely: its robots.txt is honoured, and it is asked slowly.

The addresses come from its sitemap, else from the links of its pages. Nothing outside the origin of the first address is read.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from kb.importing.fetching import FetchFailed, fetch
from kb.importing.sources import MAX_BYTES, ImportFailed, Source, address_key, open_source, page_name

AGENT = "patient-advocate"
MAX_SITEMAPS = 20
MAX_DELAY_S = 30.0  # a site that asks for more is asked this slowly

_LOC = re.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]+?)\s*(?:\]\]>)?\s*</loc>", re.IGNORECASE)
_NO_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|svg|webp|ico|css|js|mp[34]|mov|zip|gz|xml|rss|json|docx?|xlsx?|pptx?|pdf|ics|vcf|woff2?)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Politeness:
    """How a site is asked: at most `limit` pages, `wait_s` seconds between two requests."""

    limit: int = 50
    wait_s: float = 1.0
    allow_private: bool = False
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Skipped:
    """An address that was not read, and why."""

    address: str
    why: str


def follow(start: str, how: Politeness, progress: Callable[[int, int], None]) -> Iterator[Source | Skipped]:
    """The pages of the site that `start` belongs to, `start` first. Raises ImportFailed when that one cannot be read.

    `progress` is told how many pages were read, and how many are known of.
    """
    site = _Site(start, how)
    waiting = [start, *site.listed()]
    is_listed = len(waiting) > 1
    seen: set[str] = set()
    read = 0
    while waiting:
        address = waiting.pop(0)
        if address_key(address) in seen:
            continue
        seen.add(address_key(address))
        if read == how.limit:
            yield Skipped(address, f"more than {how.limit} pages; give a higher --limit")
            return
        got = site.open(address, is_first=read == 0 and address == start)
        if isinstance(got, Source):
            if address_key(got.url) in seen - {address_key(address)}:
                continue  # another address led here before
            seen.add(address_key(got.url))
            read += 1
            waiting += [] if is_listed else [one for one in _links(got) if site.has(one)]
        progress(read, min(how.limit, read + len({address_key(one) for one in waiting} - seen)))
        yield got


class _Site:
    """One origin, with what its robots.txt says."""

    def __init__(self, start: str, how: Politeness) -> None:
        self._how = how
        self._origin = _origin(start)
        self._has_asked = False
        self._wait_s = how.wait_s
        self._robots = RobotFileParser()
        self._robots.parse(self._text("/robots.txt", is_rule=True).splitlines())
        delay = self._robots.crawl_delay(AGENT)
        self._wait_s = max(how.wait_s, min(float(delay or 0), MAX_DELAY_S))

    def has(self, address: str) -> bool:
        return _origin(address) == self._origin and not _NO_PAGE.search(urlsplit(address).path)

    def listed(self) -> list[str]:
        """The addresses of its sitemap, in order; none when it has no sitemap."""
        waiting = list(self._robots.site_maps() or [urljoin(self._origin, "/sitemap.xml")])
        found: list[str] = []
        for _ in range(MAX_SITEMAPS):
            if not waiting or len(found) > self._how.limit:
                break
            address = waiting.pop(0)
            if _origin(address) != self._origin:
                continue
            text = self._text(address)
            places = [urljoin(address, unescape(one)) for one in _LOC.findall(text)]
            if "<sitemapindex" in text:
                waiting += places
            else:
                found += [one for one in places if self.has(one)]
        return found

    def open(self, address: str, *, is_first: bool) -> Source | Skipped:
        if not self._robots.can_fetch(AGENT, address):
            return self._refused(address, "the site's robots.txt asks not to read it", is_first)
        self._wait()
        try:
            got = open_source(address, allow_private=self._how.allow_private)
        except ImportFailed as error:
            return self._refused(address, str(error), is_first)
        if _origin(got.url) != self._origin:
            return self._refused(address, f"it leads to another site, {got.url}", is_first)
        if got.suffix != ".html":
            return self._refused(address, f"it is no web page but {got.suffix}; import it by itself", is_first)
        return replace(got, page_id=page_name(got.url))

    def _refused(self, address: str, why: str, is_first: bool) -> Skipped:
        if is_first:
            raise ImportFailed(why if address in why else f"{address}: {why}. Give another address of the site.")
        return Skipped(address, why)

    def _text(self, place: str, *, is_rule: bool = False) -> str:
        """A text of the site, empty when it has none. Raises ImportFailed when its rules cannot be known."""
        address = urljoin(self._origin, place)
        self._wait()
        try:
            return fetch(address, max_bytes=MAX_BYTES, allow_private=self._how.allow_private).data.decode(
                errors="replace"
            )
        except FetchFailed as error:
            if is_rule and not (error.status and 400 <= error.status < 500):
                raise ImportFailed(f"{error} Without robots.txt it is not known what may be read.") from error
            return ""

    def _wait(self) -> None:
        if self._has_asked:
            self._how.pause(self._wait_s)
        self._has_asked = True


class _Anchors(HTMLParser):
    """Collects where a page's links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href") and "nofollow" not in (given.get("rel") or ""):
            self.found.append(str(given["href"]))


def _links(page: Source) -> list[str]:
    anchors = _Anchors()
    anchors.feed(page.data.decode(errors="replace"))
    found = []
    for one in anchors.found:
        try:
            found.append(urldefrag(urljoin(page.url, one.strip()))[0])
        except ValueError:
            continue  # no address at all
    return found


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme.casefold()}://{parts.netloc.casefold()}"
