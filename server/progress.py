"""Shows a build's progress on stderr: a bar for a person, one JSON object a line for a parent process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from index.builds.build import Progress as Show

SURE_AFTER_S = 3.0  # how long a step must have run before it says how long it still will


class _TimeColumn(ProgressColumn):
    """How long a step took; while it runs, how long it will still take, as soon as that can be told."""

    def render(self, task: Task) -> Text:
        return Text(time_words(task.completed, task.total or 0, task.elapsed or 0.0, is_done=task.finished))


@contextmanager
def shown_progress(how: str, console: Console | None = None) -> Iterator[Show]:
    """A function that shows progress, "bar" or "json", while the block runs. Nothing is shown of what takes no time."""
    if how == "json":
        yield _as_json
        return
    began = monotonic()
    columns = (TextColumn("{task.description:22}"), BarColumn(bar_width=30), _TimeColumn())
    with Progress(*columns, console=console or Console(stderr=True), transient=False) as bars:
        tasks: dict[str, TaskID] = {}

        def finish_others(stage: str = "") -> None:
            for other, task in tasks.items():
                if other != stage:
                    bars.update(task, completed=bars.tasks[task].total)

        def show(stage: str, done: int, total: int) -> None:
            finish_others(stage)
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show
        finish_others()
        if tasks:
            bars.console.print(f"Done in {seconds_words(monotonic() - began)}.", highlight=False)


def time_words(done: float, total: float, elapsed_s: float, *, is_done: bool) -> str:
    """What stands behind a step's bar. Steps of one piece have no end that can be told before it is there."""
    if is_done:
        return seconds_words(elapsed_s)
    if not 0 < done < total or elapsed_s < SURE_AFTER_S:
        return f"{seconds_words(elapsed_s)} so far"
    return f"about {seconds_words(elapsed_s * (total - done) / done)} left"


def seconds_words(seconds: float) -> str:
    """A length of time: "8 s", "1 min 20 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _as_json(stage: str, done: int, total: int) -> None:
    print(json.dumps({"stage": stage, "done": done, "total": total}), file=sys.stderr, flush=True)
