"""The second person, in words: who has to approve, who did, and whether this clinic asks for one."""

from __future__ import annotations

from collections.abc import Mapping

from server.editing import Second
from server.storage import Role
from server.web.editor.reading import Visit
from server.web.editor.release.release_screens import SecondView
from server.web.words.moments import moment
from server.web.words.wording import counted, listed

APPROVERS = frozenset({Role.REVIEWER, Role.ADMIN})


def second_view(visit: Visit, second: Second, names: Mapping[str, str], *, can_publish: bool) -> SecondView | None:
    """What stands under "A second person"; None where the draft needs none."""
    if not second.is_asked or not can_publish:
        return None
    me = visit.staff.user
    wrote = listed(sorted(names.get(one, one) for one in second.authors)) or "nobody here"
    return SecondView(
        why=_why(second),
        words=_words(visit, second, names, wrote),
        tone="warning" if second.is_missing else "success" if second.approval else "plain",
        can_approve=second.is_missing and me.role in APPROVERS and me.user_id not in second.authors,
        is_own=second.is_missing and me.role in APPROVERS and me.user_id in second.authors,
        can_switch=me.role is Role.ADMIN,
        is_off=second.switched_off is not None,
    )


def _why(second: Second) -> str:
    if not second.risky:
        return "The rules of the chat are new since the live text was made ready."
    return f"{counted(len(second.risky), 'passage', 'passages')} about side effects or the time after changed."


def _words(visit: Visit, second: Second, names: Mapping[str, str], wrote: str) -> str:
    zone = visit.site.zone
    if one := second.switched_off:
        who, when = names.get(one.by, one.by), moment(one.at, zone)
        return f"One person may publish safety text here: {who} switched the second one off on {when}: “{one.why}”."
    if one := second.approval:
        who, when = names.get(one.by, one.by), moment(one.at, zone)
        said = f": “{one.why}”" if one.why else ""
        return f"Approved by {who} on {when}{said}."
    return f"Written by {wrote}. Somebody else, a reviewer, has to read it and approve before it can go live."
