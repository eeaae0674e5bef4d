"""What the routes of the service share."""

from __future__ import annotations

from dataclasses import dataclass, field

from epic_gallery.service.body import Memory
from epic_gallery.service.metrics import Metrics
from epic_gallery.service.models import ModelFacts, catalogue
from epic_gallery.service.pool import WorkerPool
from epic_gallery.service.settings import ServiceSettings


@dataclass
class ServiceState:
    """What the routes of the service share.

    Attributes
    ----------
    settings : ServiceSettings
        As the service was started.
    pool : WorkerPool
        Looks at pictures; started and stopped with the application.
    metrics : Metrics
        What is counted.
    memory : Memory
        Bytes of pictures that are held.
    models : tuple of ModelFacts
        What can be asked for.
    in_flight : int
        Classifying requests that are worked on.
    """

    settings: ServiceSettings
    pool: WorkerPool = field(init=False)
    metrics: Metrics = field(init=False)
    memory: Memory = field(init=False)
    models: tuple[ModelFacts, ...] = field(default_factory=catalogue)
    in_flight: int = 0

    def __post_init__(self) -> None:
        limits = self.settings.limits
        self.pool = WorkerPool(limits, self.settings.model, self.settings.workers)
        self.metrics = Metrics(self.pool)
        self.memory = Memory(limits.max_held)
