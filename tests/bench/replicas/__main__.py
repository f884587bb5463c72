"""Three servers behind nginx on one PostgreSQL, killed while 200 visitors talk and a sentence is corrected.

python -m tests.bench.replicas [VISITORS SECONDS SEED]

PostgreSQL is killed too, refuses to write for a while, and runs out of disk where this user may mount a small one. Writes
server/docs/replicas.md; its status is 1 where something was lost, doubled, out of order, or told from the build before.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

from server.storage import Store
from tests.bench.replicas.campaign import SPREAD_S, Campaign, Found, Plan
from tests.bench.replicas.servers import Postgres, nginx_before, small_disk, until_ready
from tests.bench.replicas.site import Editor, servers_on

PAGE = Path(__file__).parents[3] / "server" / "docs" / "replicas.md"
SERVERS, VISITORS, LASTS_S = 3, 200, 240.0
AWAY_S = 8.0  # how long PostgreSQL refuses to write


Fault = tuple[float, Callable[[], Awaitable[None]]]


def faults(postgres: Postgres, lasts_s: float, *, has_disk: bool) -> list[Fault]:
    async def kill() -> None:
        await asyncio.to_thread(postgres.kill)
        await asyncio.sleep(2)
        await asyncio.to_thread(postgres.start_again)

    async def refuse() -> None:
        await asyncio.to_thread(postgres.refuse_to_write, True)
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(postgres.refuse_to_write, False)

    async def fill() -> None:
        await asyncio.to_thread(postgres.fill_disk)
        await asyncio.sleep(AWAY_S)
        postgres.free_disk()

    planned: list[Fault] = [
        (0.15 * lasts_s, kill),
        (0.5 * lasts_s, kill),
        (0.6 * lasts_s, refuse),
        (0.85 * lasts_s, kill),
    ]
    return [*planned, (0.72 * lasts_s, fill)] if has_disk else planned


async def run(folder: Path, visitors: int, lasts_s: float, seed: int) -> tuple[Found, Postgres, bool]:
    with ExitStack() as stack:
        has_disk = stack.enter_context(small_disk(folder / "postgresql"))
        postgres = Postgres(folder / "postgresql" / "data")
        stack.callback(postgres.end)
        store = await Store.open(postgres.url)
        editor = Editor(store, folder / "editor")
        await editor.publish_first()
        servers = servers_on(postgres.url, folder, SERVERS)
        for one in servers:
            stack.callback(one.end)
        address = stack.enter_context(nginx_before(servers, folder / "nginx"))
        await until_ready(servers, within_s=120)
        plan = Plan(
            visitors=visitors,
            lasts_s=lasts_s,
            message_every_s=15.0,
            kill_every_s=8.0,
            kill_until_s=lasts_s,
            corrected_at_s=0.3 * lasts_s,
            faults=faults(postgres, lasts_s, has_disk=has_disk),
            seed=seed,
        )
        campaign = Campaign(plan, servers, [address], store)
        found = await campaign.run(lambda: editor.correct_by_the_command(postgres.url))
        await store.close()
    return found, postgres, has_disk


def page(found: Found, kills: int, has_disk: bool, lasts_s: float) -> str:
    of = found.figures
    full = f", and its disk was full for {AWAY_S:.0f} s" if has_disk else ""
    return "\n".join(
        (
            "# Servers that are killed while visitors talk",
            "",
            f"Written by `make soak` (`python -m tests.bench.replicas`): {SERVERS} servers with data folders of their own behind nginx, as [the page",
            f"on proxies](proxies.md) has it, on one PostgreSQL. {of['conversations']} conversations for {lasts_s:.0f} s, with an advocate at the desk. Servers are",
            f"ended by `kill -9` at random and started again ({of['kills']} times), PostgreSQL too ({kills} times); it refused to write for",
            f"{AWAY_S:.0f} s{full}. Meanwhile a sentence is corrected and published by the command.",
            "",
            "| What was counted | |",
            "|---|---|",
            f"| messages acknowledged | {of['acknowledged']} |",
            f"| sent again, because a server or the database was away | {of['sent_again']}, {of['refused']} of them after a refusal in words |",
            f"| what the advocate wrote and saw sent | {of['written']} |",
            f"| event streams that broke off and went on | {of['broke_off']} |",
            f"| events that visitors read | {of['events']} |",
            f"| longest wait for an acknowledgement, sending again included | {found.longest_wait_s:.1f} s |",
            f"| from the publication to live on every server | {found.spread_s:.1f} s |",
            f"| answers asked of each server about the corrected sentence | {of['answers']}, {of['after_late']} of them later than {SPREAD_S:.0f} s after that |",
            f"| answers of the old build among those, and among what visitors read | {sum('old build' in one for one in found.wrong)} |",
            f"| messages lost, doubled, out of order or with another reply; transcripts that differ | {sum('old build' not in one for one in found.wrong)} |",
            "",
            "For every conversation, what the visitor's stream gave is compared with the database, event by event, and the receipt's text with",
            "the desk's transcript; what the advocate wrote stands once; `verify` finds every row as it was written.",
            "",
        )
    )


def main() -> int:
    given = [float(one) for one in sys.argv[1:]]
    visitors, lasts_s, seed = [*given, *(float(VISITORS), LASTS_S, 0.0)[len(given) :]]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own
        found, postgres, has_disk = asyncio.run(run(Path(folder), int(visitors), lasts_s, int(seed)))
    PAGE.write_text(page(found, postgres.kills, has_disk, lasts_s), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"), *found.wrong[:20], sep="\n")
    return int(bool(found.wrong))


if __name__ == "__main__":
    raise SystemExit(main())
