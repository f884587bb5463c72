"""What is counted for operators: by site, label and outcome alone, never by anything a visitor wrote."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.core.handing.alerts import Channel, Target
from server.core.handing.measuring import Figures
from server.core.reply import Reply
from server.storage.database.trouble import Trouble

BY_REASON = ("site", "reason")
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

        self._backlog = Gauge(
            "advocate_backlog", "Conversations nobody has.", ("site", "reason"), registry=self._registry
        )
        self._claim_s = Gauge(
            "advocate_claim_seconds", "From a handover to its claim.", (*BY_REASON, "quantile"), registry=self._registry
        )
        self._response_s = Gauge(
            "advocate_first_response_seconds",
            "From a handover to a person's answer.",
            (*BY_REASON, "quantile"),
            registry=self._registry,
        )
        self._promises = Gauge(
            "advocate_promises", "Answers by the time that was told.", (*BY_REASON, "kept"), registry=self._registry
        )
        self._by_hour = Gauge(
            "advocate_handovers", "Handovers by the clinic's hour.", (*BY_REASON, "hour"), registry=self._registry
        )

    def waiting(self, backlog: Collection[tuple[str, str]]) -> None:
        """Which conversations nobody has now, by site and reason."""
        self._backlog.clear()
        for site, reason in backlog:
            self._backlog.labels(site, reason).inc()

    def served(self, figures: Mapping[tuple[str, str], Figures]) -> None:
        """How soon people were helped lately, by site and reason."""
        for gauge in (self._claim_s, self._response_s, self._promises):
            gauge.clear()
        for key, one in figures.items():
            for gauge, times in ((self._claim_s, one.claim), (self._response_s, one.response)):
                if times:
                    gauge.labels(*key, "0.5").set(times.median_s)
                    gauge.labels(*key, "0.9").set(times.slow_s)
            self._promises.labels(*key, "yes").set(one.kept)
            self._promises.labels(*key, "no").set(one.promises - one.kept)

    def came(self, hours: Mapping[tuple[str, str, str], int]) -> None:
        """How many conversations came lately, by site, reason and hour of the clinic's day."""
        self._by_hour.clear()
        for key, number in hours.items():
            self._by_hour.labels(*key).set(number)

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
