"""Fixtures of the model files: a server, a cache, and entries to fetch from them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from model_server import CONTENT, Server

from epic_features.models import ModelFile, Url


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("epic_features.models.download.FIRST_WAIT", 0.01)
    with Server() as running:
        Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def content() -> bytes:
    return CONTENT


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModelFile], None]:
    """Replace the registry by one entry."""

    def replace(entry: ModelFile) -> None:
        for module in ("registry", "store"):
            monkeypatch.setattr(f"epic_features.models.{module}.MODELS", (entry,))

    return replace


@pytest.fixture
def registered(register: Callable[[ModelFile], None], server: Server) -> str:
    """The name of a model that the server has under ``/good``."""
    register(
        ModelFile(
            name="sample",
            file_name="sample.onnx",
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            size=len(CONTENT),
            licence="CC0-1.0",
            purpose="tests",
            origin=Url(server.url("/good")),
        )
    )
    return "sample"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "نماذج"
