"""A process that dies while it writes: what was acknowledged is there, once."""

import asyncio
import os
import random
import signal
import sys

from kb.labels import Label
from server.storage import Store, VisitorMessage
from tests.server.storage.clinic import reply, start

KILLS = 20
# Imports once, then forks a writer for each line it reads: the number of the writer's first message.
WRITERS = """
import asyncio, os, sys
from kb.labels import Label
from server.storage import Store, VisitorMessage
from tests.server.storage.clinic import reply

async def write(url, conversation_id, first):
    store = await Store.open(url)
    for number in range(first, 1_000_000):
        message = VisitorMessage(str(number), f"key-{number}")
        await store.conversations.receive(conversation_id, message, reply(Label.CLINICAL))
        os.write(1, b"%d\\n" % number)

for line in sys.stdin:
    writer = os.fork()
    if not writer:
        asyncio.run(write(sys.argv[1], sys.argv[2], int(line)))
    os.write(1, b"writer %d\\n" % writer)
    os.waitpid(writer, 0)
    os.write(1, b"killed\\n")
"""


async def test_no_acknowledged_message_is_lost_or_doubled_by_twenty_kills(database_url):
    store = await Store.open(database_url)
    started = await start(store)
    writers = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITERS, database_url, started.conversation_id),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    acknowledged = -1
    for _ in range(KILLS):
        acknowledged = await killed_while_writing(writers, acknowledged)
    writers.stdin.close()
    assert await writers.wait() == 0
    events = await store.conversations.events(started.conversation_id, limit=100_000)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    said = [int(event.body["text"]) for event in events if event.author == "visitor"]
    # A writer goes on after the last number heard, so a message stored unheard is sent again, with its key.
    assert said == list(range(len(said)))
    assert KILLS < acknowledged + 1 <= len(said) <= acknowledged + 2
    assert len(events) == 2 * len(said)
    assert len(await store.handovers.inbox(["*"])) == 1
    again = VisitorMessage("0", "key-0")
    assert (await store.conversations.receive(started.conversation_id, again, reply(Label.CLINICAL))).is_repeat
    await store.close()


async def killed_while_writing(writers, acknowledged):
    """The last number that a writer acknowledged before it was killed: after some messages, at any instant."""
    writers.stdin.write(b"%d\n" % (acknowledged + 1))
    writer, left = 0, random.randint(2, 8)
    while (line := await writers.stdout.readline()) != b"killed\n":
        if line.startswith(b"writer"):
            writer = int(line.split()[1])
            continue
        acknowledged = int(line)
        left -= 1
        if left == 0:
            await asyncio.sleep(random.uniform(0, 0.02))
            os.kill(writer, signal.SIGKILL)
    return acknowledged
