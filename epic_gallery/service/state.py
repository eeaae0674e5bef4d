"""What the routes of the service share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    """

    settings: ServiceSettings
    pool: WorkerPool
