"""What is asked each second, and for each message, costs the same after years: nothing reads a whole table."""

import re
from datetime import timedelta

from sqlalchemy import event, text

from kb.labels import Label
from server.core.handing.alerts import Reach
from server.core.handing.handover import Closing, Closure, Step
from server.storage import Store, VisitorMessage
from server.storage.database.schema import metadata
from tests.server.storage.clinic import PAT, TurnedClock, answered, claimed, handed_over, keys, reply, say, start

REACH = Reach(("first@clinic.example", "next@clinic.example"), has_webhook=True)
OLD = 6_000  # conversations that ended days ago
MOST = 1.5  # times the work of a day without them
OF_CONVERSATIONS = [table for table in metadata.sorted_tables if "conversation_id" in table.c]
NAMES = {table.name for table in OF_CONVERSATIONS}
KEYS = ("conversation_id", "handover_id", "alert_id", "note_id", "token_sha256", "receipt_sha256")


async def test_years_of_conversations_do_not_slow_a_day(database_url):
    clock = TurnedClock()
    store = await Store.open(database_url, clock=clock)
    await an_ended_one(store)
    clock.turn(days=3)
    day = await a_day(store)
    await a_second(store, day)  # what is due once is done
    watch = Watch(store)
    before = await watch.work_of(lambda: a_second(store, day))
    await store.database.write(many_old_ones)
    if store.database.is_postgresql:
        await store.database.maintain("ANALYZE")
    after = await watch.work_of(lambda: a_second(store, day))
    assert await store.database.read(watch.whole_tables_read) == []
    assert after <= MOST * before
    await store.close()


async def an_ended_one(store):
    """A conversation that went all the way: an alert that arrived, one that did not, a note, an answer that was no help."""
    conversation_id, seq = await answered(store)
    await store.conversations.leave_feedback(conversation_id, seq, "p1", False, next(keys))
    await store.corrections.mark_wrong(conversation_id, PAT, seq, lambda _question: "That was wrong.")
    await store.corrections.decide((await store.corrections.proposed("kneecare"))[0])
    message = VisitorMessage("My knee is hot.", next(keys))
    received = await store.conversations.receive(conversation_id, message, reply(Label.CLINICAL), REACH)
    await store.alerts.climb_due(lambda _site: REACH)
    for alert in await store.alerts.take():
        await store.alerts.settle(alert, "refused")
        await store.alerts.settle(alert, None)
    await store.notes.add(conversation_id, PAT, "Called back.")
    await store.conversations.transcript(conversation_id, PAT)
    await store.handovers.step(received.handover_id, Step.CLAIM, version=1, user=PAT)
    closure = Closure(Closing.ANSWERED)
    await store.handovers.step(received.handover_id, Step.CLOSE, version=2, user=PAT, closure=closure)


async def a_day(store):
    """One that is claimed, and some that wait: the first of them, and a visitor who is still answered by the page."""
    held = await claimed(store)
    for _ in range(5):
        await handed_over(store, "I cannot breathe.", Label.EMERGENCY)
    started = await start(store)
    await say(store, started.conversation_id, "How long is a visit?", Label.ANSWER)
    return held, started


async def a_second(store, day):
    """All that a server asks in a second of a day: its rounds, two desks, an editor, a visitor who writes."""
    held, started = day
    await store.handovers.release_abandoned()
    await store.handovers.tell_the_waiting(lambda *_about, **_how: reply(Label.EMERGENCY))
    await store.alerts.climb_due(lambda _site: REACH)
    await store.alerts.take()
    await store.alerts.failing()
    await store.drills.end(lambda _site: REACH)
    for sites in (["*"], ["kneecare"]):
        await store.drills.latest((*sites,))
        await store.handovers.inbox(sites, PAT.user_id)
        await store.handovers.today(sites, store.database.clock() - timedelta(hours=8))
    await store.handovers.present("kneecare")
    await store.handovers.get(held.handover_id)
    await store.handovers.of_conversation(held.conversation_id)
    await store.notes.of_conversation(held.conversation_id)
    await store.alerts.of_handover(held.handover_id)
    await store.conversations.decisions(held.conversation_id)
    await store.corrections.proposed("kneecare")
    await store.asked.last("kneecare", 1)
    await store.asked.in_vain("kneecare", 1)
    await store.conversations.find_by_receipt(started.receipt)
    await store.conversations.hear(started.conversation_id, started.token)
    await store.conversations.last_numbers([started.conversation_id, held.conversation_id])
    await say(store, started.conversation_id, "How long is a visit?", Label.ANSWER)
    await store.conversations.purge(store.database.clock() - timedelta(days=90))


def many_old_ones(transaction):
    """Repeat the ended conversation, with ids of its own each time."""
    if transaction.is_postgresql:  # its foreign keys would look each row up in a table it still takes for empty
        transaction.run(text("SET LOCAL session_replication_role = replica"))
    [first] = transaction.all(text("SELECT conversation_id FROM conversation ORDER BY created_at LIMIT 1"))
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 10000000 UNION ALL SELECT i + 1 FROM n WHERE i < {10_000_000 + OLD})"
    for table in OF_CONVERSATIONS:
        names = ", ".join(f'"{column.name}"' for column in table.c)
        values = ", ".join(
            f"substr({column.name}, 1, 24) || cast(i as varchar(8))" if column.name in KEYS else f'"{column.name}"'
            for column in table.c
        )
        copied = f"INSERT INTO {table.name} ({names}) {numbers} SELECT {values} FROM {table.name}, n"
        transaction.connection.execute(text(f"{copied} WHERE conversation_id = :first"), {"first": first[0]})


class Watch:
    """Counts the work a store has its database do, and looks at how: by SQLite's steps, by PostgreSQL's rows."""

    def __init__(self, store):
        self._database, self._steps, self._asked = store.database, 0, []
        event.listen(store.database.engine, "before_cursor_execute", self._note)

    async def work_of(self, doing):
        self._steps, self._asked = 0, []
        await doing()
        if self._database.is_postgresql:
            plans = await self._database.read(self._plans)
            return sum(rows_touched(node) for plan in plans for node in nodes_of(plan))
        return self._steps

    def whole_tables_read(self, transaction):
        """What reads a table of conversations from end to end."""
        if transaction.is_postgresql:
            return [node for plan in self._plans(transaction) for node in nodes_of(plan) if is_whole(node)]
        steps = (
            row[3]
            for statement, parameters in list(self._asked)
            for row in transaction.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        )
        return [step for step in steps if step.startswith("SCAN") and NAMES & {*re.split(r"\W|_\d", step)}]

    def _note(self, connection, _cursor, statement, parameters, _context, is_many):
        if not is_many and statement.startswith(("SELECT", "UPDATE")) and "pg_notify" not in statement:
            self._asked.append((statement, parameters))
        if not self._database.is_postgresql:
            connection.connection.driver_connection.set_progress_handler(self._step, 1)

    def _step(self):
        self._steps += 1

    def _plans(self, transaction):
        plans = []
        for statement, parameters in list(self._asked):
            undone = transaction.connection.begin_nested()
            explained = transaction.connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
            )
            plans.append(explained.scalar()[0]["Plan"])
            undone.rollback()
        return plans


def nodes_of(plan):
    return [plan, *(node for under in plan.get("Plans", ()) for node in nodes_of(under))]


def rows_touched(node):
    return node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))


def is_whole(node):
    """Read from end to end, or nearly so, however it is found."""
    return node.get("Relation Name") in NAMES and rows_touched(node) > OLD / 2
