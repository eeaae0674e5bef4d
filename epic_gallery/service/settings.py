"""How the service is set up, and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from epic_features.errors import SettingsError


@dataclass(frozen=True)
class Limits:
    """What one caller may ask for.

    Attributes
    ----------
    max_bytes : int
        Bytes of one picture.
    max_pixels : int
        Width times height of one picture.
    max_files : int
        Pictures in one request.
    max_requests : int
        Classifying requests worked on at once; further ones get 429.
    max_queue : int
        Pictures that wait for a worker; requests that would add more get 503.
    time_limit : float
        Seconds a worker may take over one picture.
    max_held : int
        Bytes of pictures in memory, over all requests.
    header_timeout : float
        Seconds in which all headers of a request must have come.
    body_timeout : float
        Seconds without a byte of the body, or in which nobody reads the answer.
    least_rate : int
        Bytes a second at which a body must come, after the first `body_timeout` seconds.
    max_connections : int
        Connections at once; a request on a further one gets 503.
    """

    max_bytes: int = 32 * 2**20
    max_pixels: int = 100_000_000
    max_files: int = 1000
    max_requests: int = 32
    max_queue: int = 64
    time_limit: float = 30.0
    max_held: int = 512 * 2**20
    header_timeout: float = 10.0
    body_timeout: float = 20.0
    least_rate: int = 4096
    max_connections: int = 256


@dataclass(frozen=True)
class ServiceSettings:
    """Everything that can be chosen about the service.

    Attributes
    ----------
    host : str
        Address to listen on.
    port : int
        Port to listen on.
    model : str
        The model that answers when a request names none.
    folder : Path or None
        The folder of pictures that the page may plan for, sort and undo; None: no such thing.
    corrections : Path or None
        Folder in which corrected labels are kept; None: they are not kept.
    workers : int or None
        Worker processes; by default one for each processor core.
    token : str or None
        What a caller must show; None only where nobody but this computer can connect.
    limits : Limits
        What is refused.
    """

    host: str = "127.0.0.1"
    port: int = 8420
    model: str = "personal"
    folder: Path | None = None
    corrections: Path | None = None
    workers: int | None = None
    token: str | None = field(default=None, repr=False)
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        """Refuse to keep corrections among the pictures that are sorted, or the other way round."""
        if self.folder is None or self.corrections is None:
            return
        folder, kept = (Path(p).expanduser().resolve() for p in (self.folder, self.corrections))
        if kept.is_relative_to(folder) or folder.is_relative_to(kept):
            raise SettingsError(
                f"the corrections in {kept} and the pictures in {folder} must be apart, or what is "
                "kept for training would be sorted as well; choose another folder for one of them"
            )

    @property
    def is_local(self) -> bool:
        """Whether only programs on this computer can connect."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False
