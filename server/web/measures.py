"""What is counted for operators: by site, label and outcome alone, never by anything a visitor wrote."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.core.handing.alerts import Channel, Target
from server.core.reply import Reply
from server.storage.database.trouble import Trouble

LABELS = ("site", "label", "outcome")
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 8.0, 15.0)


class _StoreFailures(Collector):
    """What the store itself counts."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble

    def collect(self) -> Iterator[Metric]:
        failures, is_on = self._trouble.failures, self._trouble.is_on
        yield CounterMetricFamily("advocate_store_failures", "What the database could not read or store.", failures)
        yield GaugeMetricFamily("advocate_store_failing", "1 while it cannot.", int(is_on))


class Measures:
    """The counters of one process."""

    def __init__(self, trouble: Trouble) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_StoreFailures(trouble))
        self._replies = Counter("advocate_replies", "Replies in conversations.", LABELS, registry=self._registry)
        self._asked = Counter("advocate_asked", "Replies to /ask.", LABELS, registry=self._registry)
        self._reply_s = Histogram(
            "advocate_reply_seconds", "From a message's arrival to its reply.", buckets=SECONDS, registry=self._registry
        )
        self._streams = Gauge("advocate_open_streams", "Event streams that are open.", registry=self._registry)
        self._refused = Counter("advocate_rate_limited", "Requests over a rate limit.", registry=self._registry)
        self._alerts = Counter(
            "advocate_alerts", "Tries to send an alert.", ("channel", "sent"), registry=self._registry
        )
        self._failing = Gauge(
            "advocate_alert_targets_failing",
            "Targets the latest alert did not reach.",
            ("channel",),
            registry=self._registry,
        )

        self._drills_missed = Gauge(
            "advocate_drill_missed", "1 where nobody took the latest drill in time.", ("site",), registry=self._registry
        )

    def replied(self, site: str, reply: Reply) -> None:
        self._replies.labels(site, reply.label, reply.outcome).inc()

    def asked(self, site: str, reply: Reply) -> None:
        self._asked.labels(site, reply.label, reply.outcome).inc()

    def alerted(self, channel: Channel, is_sent: bool) -> None:
        self._alerts.labels(channel, "yes" if is_sent else "no").inc()

    def alerts_fail(self, failing: Collection[Target]) -> None:
        """Which targets the latest alert did not reach, as the store knows for every process."""
        for channel in Channel:
            self._failing.labels(channel).set(sum(one.channel is channel for one in failing))

    def drills_missed(self, sites: Collection[str]) -> None:
        """The sites where nobody took the latest drill."""
        self._drills_missed.clear()
        for site in sites:
            self._drills_missed.labels(site).set(1)

    def refused(self) -> None:
        self._refused.inc()

    @contextmanager
    def reply_time(self) -> Iterator[None]:
        with self._reply_s.time():
            yield

    @contextmanager
    def open_stream(self) -> Iterator[None]:
        with self._streams.track_inprogress():
            yield

    def text(self) -> bytes:
        """The figures in Prometheus' text format."""
        return generate_latest(self._registry)
