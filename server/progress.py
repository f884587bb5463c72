"""Shows a build's progress on stderr: a bar for a person, one JSON object a line for a parent process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from index.build import Progress as Show


@contextmanager
def shown_progress(how: str) -> Iterator[Show]:
    """A function that shows progress, "bar" or "json", while the block runs."""
    if how == "json":
        yield _as_json
        return
    columns = (TextColumn("{task.description:22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=False) as bars:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            for other, task in tasks.items():
                if other != stage:
                    bars.update(task, completed=bars.tasks[task].total)
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)

        yield show
        for task in tasks.values():
            bars.update(task, completed=bars.tasks[task].total)


def _as_json(stage: str, done: int, total: int) -> None:
    print(json.dumps({"stage": stage, "done": done, "total": total}), file=sys.stderr, flush=True)
