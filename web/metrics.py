"""Figures for Prometheus: what came in, and what others can count."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

log = structlog.get_logger(__name__)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A figure that is read whenever Prometheus asks.

    Fields:
        name: "makewhole_backlog_jobs".
        says: One sentence for who reads the figures.
        label: What it is split by: "queue"; None when it is one number, under the key "".
        read: Gives the numbers by label value; may raise, then the figure is missing.
    """

    name: str
    says: str
    label: str | None
    read: Callable[[], Mapping[str, float]]


class Metrics:
    """Every figure of one process, in a registry of its own."""

    def __init__(self, gauges: tuple[Gauge, ...]) -> None:
        self._registry = CollectorRegistry()
        self.webhooks = Counter(
            "makewhole_webhooks", "Zendesk webhook deliveries by outcome.", ["outcome"], registry=self._registry
        )
        self.slack = Counter(
            "makewhole_slack_requests",
            "Events, clicks and commands from Slack.",
            ["kind", "status"],
            registry=self._registry,
        )
        self.seconds = Histogram(
            "makewhole_request_seconds",
            "Time from the request's head to the end of its answer.",
            ["route"],
            registry=self._registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        self._registry.register(_Gauges(gauges))

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self._registry)


class _Gauges(Collector):
    """Reads the gauges one by one; one that fails is left out and counted, the others are shown."""

    def __init__(self, gauges: tuple[Gauge, ...]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[GaugeMetricFamily]:
        unreadable = 0
        for gauge in self._gauges:
            family = GaugeMetricFamily(gauge.name, gauge.says, labels=[gauge.label] if gauge.label else None)
            try:
                values = gauge.read()
            except Exception as error:  # noqa: BLE001  # A door: figures must not fail because one cannot be read.
                log.warning("figure not readable", figure=gauge.name, error=type(error).__name__)
                unreadable += 1
                continue
            for label, value in sorted(values.items()):
                family.add_metric([label] if gauge.label else [], value)
            yield family
        yield GaugeMetricFamily("makewhole_figures_unreadable", "Figures left out of this page.", value=unreadable)
