"""What is counted, for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from epic_gallery.service.pool import WorkerPool

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Numbers about requests, pictures and workers; nothing about what is on a picture."""

    def __init__(self, pool: WorkerPool) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "epic_requests", "Requests answered", ["route", "status"], registry=self.registry
        )
        self.in_flight = Gauge(
            "epic_requests_in_flight", "Classifying requests", registry=self.registry
        )
        self.pictures = Counter(
            "epic_pictures", "Pictures answered", ["model", "outcome"], registry=self.registry
        )
        self.seconds = Histogram(
            "epic_picture_seconds",
            "From the last byte of a picture to its answer",
            ["model"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.registry.register(_PoolCollector(pool))
        ProcessCollector(registry=self.registry)

    def count_picture(self, model: str, answer: dict[str, Any], seconds: float) -> None:
        """Note an answer."""
        outcome = answer["error"]["code"] if "error" in answer else "classified"
        self.pictures.labels(model, outcome).inc()
        self.seconds.labels(model).observe(seconds)


class _PoolCollector:
    """Asks the pool when it is asked itself."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        yield GaugeMetricFamily("epic_workers", "Workers that should be", value=self._pool.size)
        yield GaugeMetricFamily(
            "epic_workers_ready", "Workers that can work", value=self._pool.ready
        )
        yield GaugeMetricFamily(
            "epic_pictures_waiting", "Pictures without a worker", value=self._pool.waiting
        )
        replaced = CounterMetricFamily(
            "epic_workers_replaced", "Workers that were replaced, by cause", labels=["cause"]
        )
        for cause in ("death", "time limit"):
            replaced.add_metric([cause], self._pool.replaced[cause])
        yield replaced
