"""Recognises by place and kind what a web page shows beside its text: paths, notices, forms, links to elsewhere."""

from __future__ import annotations

import re
from datetime import date, datetime

from kb.importing.web.text import HEADINGS, Element, lines_of

# Longer pieces are text, whatever they speak of.
_MAX_CHARS = 700
_MAX_SHORT_CHARS = 120

_BREADCRUMB = re.compile(r"^(?:you are here:?\s*)?(?:home|start|homepage)\s*[/›»>|→·:-]\s*\S", re.IGNORECASE)
_COOKIES = re.compile(r"\bcookies?\b", re.IGNORECASE)
_CONSENT = re.compile(r"\b(?:accept|agree|got it|allow|decline|reject|manage|preferences|consent|ok)\b", re.IGNORECASE)
_SHARE = re.compile(
    r"^(?:share|tweet|pin|follow us|print|email)\b(?: (?:this|on|via|page|article|post|with|us)\b.*)?:?", re.I
)
_NETWORKS = re.compile(
    r"\b(?:facebook|twitter|x\.com|linkedin|instagram|whatsapp|pinterest|youtube|email|print|copy link)\b", re.I
)
_NEWSLETTER = re.compile(
    r"newsletter|mailing list|subscribe|sign up (?:for|to)|stay in touch|get our (?:news|updates)", re.I
)
_RELATED = re.compile(
    r"^(?:related|similar) \w+|^you (?:may|might) also like|^more (?:from|articles|posts|news|like this)|^(?:recent|latest|"
    r"popular) (?:posts?|news|articles?|stories|comments)|^read (?:next|more)|^(?:categories|tags|archives)$|^see also$|"
    r"^further reading$|^keep reading|^in this (?:section|article|guide)|^on this page|^(?:table of )?contents$|^jump to",
    re.IGNORECASE,
)
_AUTHOR = re.compile(
    r"^(?:about the author|author|written by|posted (?:by|on|in)|published (?:by|on)|by dr\b|filed under)", re.I
)
_AUTHOR_CLASS = re.compile(r"(?:^|[-_\s])(?:author|byline|bio|post-meta|entry-meta)(?:$|[-_\s])", re.IGNORECASE)
_UPDATED = re.compile(
    r"^(?:page |this page was |content )?(?:last )?(?:updated|reviewed|modified|revised|published)"
    r"(?: (?:on|by [^:]{3,40} on))?:?\s*(?P<day>.{4,30}?)\.?$",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"^(?:book|schedule|request|make|get|find|contact|call|learn|read|see|view|start|join|register|sign|download|ask|talk|"
    r"back to|click|apply|buy|order|shop|discover|explore|request)\b",
    re.IGNORECASE,
)
_PAGER = re.compile(r"^(?:[«»‹›←→\s]|next|prev(?:ious)?|older|newer|page|posts?|\d+|of)+$", re.IGNORECASE)
_DAYS = ("%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d, %Y", "%B %Y", "%b %Y", "%d.%m.%Y")


def why_residue(element: Element, chars: int, *, by_name: bool = True) -> str | None:
    """Why a piece of a page is none of its text, by what it holds; `chars` is its length without white space.

    `by_name`: whether a class may tell too.
    """
    if not 0 < chars <= _MAX_CHARS or element.tag in {
        "main",
        "article",
        "body",
        "td",
        "th",
        "tr",
        "tbody",
        "table",
        "details",
    }:
        return None
    if element.tag in HEADINGS:
        return None
    if element.tag == "figcaption" and element.getparent().xpath(".//img | .//video | .//picture"):
        return "picture"
    text = " ".join(lines_of(element))
    if not text:  # all of it struck out
        return None
    if chars <= _MAX_SHORT_CHARS:
        if _BREADCRUMB.match(text) and element.tag != "li" and "." not in text:
            return "path"
        if day_of(text) is not None:
            return "date"
        if _AUTHOR.match(text) and element.tag not in {"li", "dt", "dd"} and text[-1] not in ".?":
            return "author"
        if _PAGER.match(text) and re.search(r"[a-z»›→]", text, re.IGNORECASE) and _is_all_links(element):
            return "menu"
        if _is_call(element, text):
            return "call to action"
        if _is_for_sharing(element, text):
            return "share"
    if element.tag not in {"div", "section", "aside", "p", "ul", "ol", "footer", "header", "figure"}:
        return None
    if _COOKIES.search(text) and _CONSENT.search(text) and element.xpath(".//button | .//a | .//input"):
        return "banner"
    if _NEWSLETTER.search(text) and element.xpath(".//form | .//input"):
        return "newsletter"
    title = next((" ".join(lines_of(one)) for one in element.iter(*HEADINGS)), "") or (
        text if _is_title_above(element) else ""
    )
    if _RELATED.match(title) and element.tag in {"div", "section", "aside"} and _mostly_links(element):
        return "links to elsewhere"
    if element.tag in {"ul", "ol"} and _is_page_list(element):
        return "page list"
    is_author_box = (by_name and _AUTHOR_CLASS.search(element.get("class", ""))) or _AUTHOR.match(title)
    return "author" if is_author_box and element.tag != "p" else None


def day_of(text: str) -> str | None:
    """The day of a line such as “Last reviewed: 3 May 2025”, as an ISO date; "" when the line names one unclearly."""
    found = _UPDATED.match(" ".join(text.split()))
    if found is None or not re.search(r"\d{4}", found["day"]):
        return None
    words = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", found["day"]).strip()
    for form in _DAYS:
        try:
            day = datetime.strptime(words, form).date()
        except ValueError:
            continue
        return day.isoformat() if "%d" in form and date(1990, 1, 1) < day else ""
    return "" if len(words.split()) <= 4 else None


def is_title_of_residue(text: str) -> bool:
    """Whether a line titles links to elsewhere, or to places on the page."""
    return bool(_RELATED.match(text.strip()))


def _is_for_sharing(element: Element, text: str) -> bool:
    """Whether a line only links to networks; an address or a number is text."""
    if re.search(r"@|\d", text) or not element.xpath("descendant-or-self::a | descendant-or-self::button"):
        return False
    return bool(_SHARE.match(text)) or (_is_all_links(element) and len(_NETWORKS.findall(text)) > 1)


def _is_call(element: Element, text: str) -> bool:
    """Whether a short line is nothing but a link or button that asks to do something; a number to call is text."""
    is_short = len(text.split()) <= 7 and not re.search(r"\d{3}", text) and text[-1] not in ".?:"
    has_block = element.tag in {"p", "div", "a", "figure"} or "button" in element.get("class", "")
    return is_short and has_block and bool(_CALL.match(text)) and _is_all_links(element)


def _is_all_links(element: Element) -> bool:
    if element.tag == "a":
        return element.get("href") is not None
    linked = "".join("".join(one.itertext()) for one in element.xpath(".//a | .//button"))
    return bool(linked.strip()) and len("".join(linked.split())) >= 0.8 * len(
        "".join("".join(lines_of(element)).split())
    )


def _mostly_links(element: Element) -> bool:
    """Whether each piece below a title is a link, with a line of text at most."""
    links = element.xpath(".//a[@href]")
    words = len(" ".join(lines_of(element)).split())
    return bool(links) and words <= 25 * len(links)


def _is_page_list(element: Element) -> bool:
    """Whether each item is a link to a place on this page, or the list stands below a title such as “On this page”."""
    items = [one for one in element if one.tag == "li"]
    if len(items) < 2 or not all(_is_all_links(one) for one in items):
        return False
    hrefs = [one.get("href", "") for one in element.iter("a")]
    return all(one.startswith("#") for one in hrefs) or _is_title_above(element)


def _is_title_above(element: Element) -> bool:
    before = element.getprevious()
    return before is not None and isinstance(before.tag, str) and bool(_RELATED.match(" ".join(lines_of(before))))
