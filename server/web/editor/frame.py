"""The frame around the editor's pages: where one is, and how the text and what visitors get stand to each other."""

from __future__ import annotations

from server.web.editor.reading import EDITOR, SiteText, Visit
from server.web.editor.screens import Frame, Link, Standing
from server.web.guards.staff import doors_of
from server.web.words.notices import Notice
from server.web.words.wording import counted

SPREADING = "spreading"
# What a redirect may say happened: its code in the address, and the words shown.
NOTICES = {
    "saved": "Saved. Visitors still get the published text until you publish.",
    "same": "Nothing was changed, so nothing was saved.",
    "added": "Added. Visitors get it once you publish.",
    "removed": "Removed. Visitors may still be quoted it until you publish.",
    "reviewed": "The review date is saved. Visitors see it once you publish.",
    "compared": "Compared with the clinic’s page just now.",
    "owner": "Saved. It is for your colleagues; visitors do not see it.",
    "phrasing-added": "Added. It works once you publish.",
    "phrasing-removed": "Removed. It stops working once you publish.",
    "test-added": "Added. It is asked of every text before it is published.",
    "test-removed": "Removed. It is not asked any more.",
    "gap": "Saved as another way to ask. It works once you publish.",
    "decided": "Decided. Visitors get it once you publish.",
    "accepted": "Accepted. It is listed at the end of this page.",
    "published": "It is live. New questions are answered from this text from now on. Chats that are running go on.",
    "planned": "Planned. It goes live by itself when that day begins.",
    "unplanned": "Done. Nothing goes live by itself.",
    "back": "Done. The earlier version is live again. Chats that are running go on.",
    SPREADING: "It is published, but not live on every server yet. Look at this page again in a moment; if it stays so, "
    "tell your administrator.",
}


def frame_of(visit: Visit, text: SiteText, *, here: str, notice: Notice | None = None, done: str = "") -> Frame:
    """The frame of a page. `done` is a code of NOTICES from the address; one that is not known is passed over."""
    tabs = (
        ("Text", visit.url),
        ("What visitors ask", f"{visit.url}/asks"),
        ("Asked in vain", f"{visit.url}/gaps"),
        ("Check", f"{visit.url}/check"),
        ("Publish", f"{visit.url}/publish"),
        ("History", f"{visit.url}/history"),
    )
    return Frame(
        me=visit.staff.user.name,
        doors=doors_of(visit.staff.user.role, here=EDITOR),
        clinic=visit.site.clinic,
        url=visit.url,
        tabs=tuple(Link(name, href, name == here) for name, href in tabs),
        clinics=(Link("Other clinics", EDITOR),) if len(visit.sites) > 1 else (),
        standing=standing_of(visit, text),
        held=_held_words(text),
        held_url=f"{visit.url}/import/waiting",
        notice=notice or _told(done),
    )


def _held_words(text: SiteText) -> str:
    """Which passages are not quoted as the clinic's page says something else by now; empty where none."""
    undecided = sum(not one.is_decided for one in text.held.values())
    if undecided:
        those = counted(undecided, "passage has", "passages have")
        return f"{those} changed on the clinic’s own page. Visitors who ask get a person until you decide."
    if text.held:
        return (
            "What you decided about the clinic’s page is not live yet. Visitors who ask get a person until you publish."
        )
    return ""


def _told(done: str) -> Notice | None:
    return Notice(NOTICES[done], "warning" if done == SPREADING else "success") if done in NOTICES else None


def standing_of(visit: Visit, text: SiteText) -> Standing:
    """Where the text stands on its way to visitors."""
    job_url, publish_url = f"{visit.url}/build", f"{visit.url}/publish"
    if text.job is not None and text.job.is_running:
        words = "Your changes are being made ready. You can go on editing meanwhile."
        return Standing(words, "plain", "Getting ready", "ring", href=job_url, link="See how far it is")
    if text.is_live:
        return Standing("Visitors get exactly this text.", "success", "Live", "", link="")
    if text.draft is not None:
        first = "It is ready to try. " if text.current is None else "Your changes are ready to try. "
        words = f"{first}Visitors do not get them yet." if text.current else f"{first}Nothing is live yet."
        return Standing(
            words, "plain", "Ready to publish", "diamond", href=publish_url, link="Look through and publish"
        )
    if text.job is not None and text.job.state == "failed":
        words = "Your text could not be made ready. What visitors get is as it was."
        return Standing(words, "warning", "Not ready yet", "square", can_rebuild=True, href=job_url, link="See why")
    return Standing(_stale_words(text), "warning", "Not ready yet", "square", can_rebuild=True)


def _stale_words(text: SiteText) -> str:
    if text.current is None:
        return "Nothing is live yet. Make it ready, try a few questions, then publish."
    if not text.count:
        return "The text is as published, but settings or rules have changed. Make it ready to bring them in."
    changed, them = counted(text.count, "change is", "changes are"), "it" if text.count == 1 else "them"
    return (
        f"{changed} saved, and visitors do not get {them} yet. Try {them} at once; make {them} ready to publish {them}."
    )
