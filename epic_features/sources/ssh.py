"""How an SSH server is reached and recognised."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from epic_features.sources.address import Server

KNOWN_HOSTS_VARIABLE = "EPIC_KNOWN_HOSTS"


def options(server: Server) -> dict[str, Any]:
    """Return the connection options for paramiko.

    Keys of ``~/.ssh`` and of an agent are tried, then the password. A server that is not in
    ``~/.ssh/known_hosts`` (or the file in ``EPIC_KNOWN_HOSTS``) is refused before any credential
    is sent; paramiko's own default would trust whoever answers.
    """
    import paramiko

    host, _, port = server.host.rpartition(":") if _has_port(server.host) else (server.host, "", "")
    known = paramiko.HostKeys()
    path = Path(os.environ.get(KNOWN_HOSTS_VARIABLE) or "~/.ssh/known_hosts").expanduser()
    if path.is_file():
        known.load(str(path))

    class UnknownHost(paramiko.SSHException):  # type: ignore[misc]
        """The server is not among the known ones."""

    class OnlyKnown(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
        """Compare with the known hosts instead of trusting."""

        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            if not known.check(hostname, key):
                raise UnknownHost(
                    f"{hostname} is not in {path} or has another key there; "
                    "connect once with the ssh command and compare its fingerprint"
                )

    timeout = server.patience.timeout
    return {
        "host": host.strip("[]"),
        "port": int(port or 22),
        "username": server.user or None,
        "password": server.password or None,
        "timeout": timeout,
        "banner_timeout": timeout,
        "auth_timeout": timeout,
        "channel_timeout": timeout,
        "host_key_policy": OnlyKnown(),
    }


def _has_port(host: str) -> bool:
    return ":" in host.rpartition("]")[2]
