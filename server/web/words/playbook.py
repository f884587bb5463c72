"""What an advocate does with an emergency: the same steps for everyone, in order. All of it awaits the clinic's approval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.sites import Site

CLAIM = "Take it now, before anything else."
SAY = "Send “Call 911 now” at once. Do not ask how bad it is, and do not judge it."
CALL = "If they left a number, call it. If you cannot reach them, call {on_call}."
CALL_NOBODY = "If they left a number, call it. The clinic has entered no on-call number: your administrator can."
STAY = "Stay until they write that they are calling 911 or 988, or somebody is with them."
CLOSE = "Close it as “Emergency care advised”, with the time at which you told them."


@dataclass(frozen=True, slots=True)
class Playbook:
    """The steps of an emergency. `script` is sent word for word; `on_call` is a number to call, or empty."""

    steps: tuple[str, ...]
    script: str
    on_call: str


def playbook_of(site: Site, script: str, *, is_mine: bool) -> Playbook:
    """The steps at a clinic. script: the policy's emergency text in the visitor's language."""
    call = CALL.replace("{on_call}", f"the clinician on call, {site.on_call}") if site.on_call else CALL_NOBODY
    return Playbook(_from(is_mine, (CLAIM, SAY, call, STAY, CLOSE)), script, site.on_call)


def _from(is_mine: bool, steps: Sequence[str]) -> tuple[str, ...]:
    return tuple(steps[1:] if is_mine else steps)
