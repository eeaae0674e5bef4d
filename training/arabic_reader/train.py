"""Training: shard after shard, with checkpoints that a killed run goes on from."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from training.arabic_reader.network import LineNetwork, steps_of
from training.arabic_reader.render import SHARD, Line, load
from training.arabic_reader.text import SYMBOLS

_log = logging.getLogger(__name__)
_INDEX = {char: index + 1 for index, char in enumerate(SYMBOLS)}
# Shards that are mixed with each other; windows that are gone through before they are met again.
_WINDOW, _BLOCK = 3, 8
_STALE = 10.0
_WIDTHS = 32


@dataclass(frozen=True)
class Training:
    """How to train.

    Attributes
    ----------
    lines : int
        Lines to be seen, by which the learning rate falls to zero.
    passes : int
        How often each rendered line is seen: rendering takes a third of the time of learning.
    rate : float
        Highest learning rate.
    pixels : int
        Columns of a batch: about 32 lines of 280.
    warm_up : int
        Batches until the highest rate.
    averaging : float
        Decay of the averaged weights, which are those that count.
    """

    lines: int = 2_000_000
    passes: int = 2
    rate: float = 2e-3
    pixels: int = 9_000
    warm_up: int = 800
    averaging: float = 0.9995
    seed: int = 0


def train(training: Training, shards: Path, checkpoints: Path) -> Path:
    """Train on the shards in a folder, waiting for those that are not yet rendered.

    A shard is deleted after the last pass over its block. The checkpoint holds everything to go
    on from.

    Returns
    -------
    Path
        The checkpoint.
    """
    checkpoints.mkdir(parents=True, exist_ok=True)
    path = checkpoints / "last.pt"
    state = _State(training)
    if path.exists():
        state.load(torch.load(path, weights_only=True))
        _log.info("goes on after %d lines", state.lines)
    began, before = time.monotonic(), state.lines
    while state.lines < training.lines:
        first = state.shard + _WINDOW * (state.visit % _BLOCK)
        names = [shards / f"{first + index:06}.npz" for index in range(_WINDOW)]
        losses = [state.step(batch) for batch in _batches(state, [_wait(name) for name in names])]
        state.lines += _WINDOW * SHARD
        state.visit += 1
        if state.visit == _BLOCK * training.passes:
            state.shard, state.visit = state.shard + _WINDOW * _BLOCK, 0
        partly = path.with_suffix(".partial")
        torch.save(state.dump(), partly)
        partly.replace(path)
        # All of them: a renderer that was restarted may have made some of the block a second time.
        for name in shards.glob("*.npz"):
            if int(name.stem) < state.shard:
                name.unlink()
        speed = (state.lines - before) / (time.monotonic() - began)
        loss = float(np.mean(losses))
        _log.info(
            "%d lines, loss %.4f, rate %.5f, %.0f lines/s", state.lines, loss, state.rate, speed
        )
    return path


def _wait(path: Path) -> list[Line]:
    while not path.exists():
        time.sleep(0.5)
    return load(path)


def _batches(state: _State, shards: list[list[Line]]) -> Iterator[list[Line]]:
    """Cut a window of shards into batches of lines of about one width."""
    lines = sorted(
        (line for shard in shards for line in shard), key=lambda line: -line.pixels.shape[1]
    )
    rng = np.random.default_rng((state.training.seed, state.shard, state.visit))
    batches, first = [], 0
    while first < len(lines):
        count = max(1, state.training.pixels // _input_width(lines[first:]))
        batches.append(lines[first : first + count])
        first += count
    for index in rng.permutation(len(batches)):
        yield batches[index]


def _input_width(lines: list[Line]) -> int:
    # Few different shapes: PyTorch prepares its convolutions for each shape that it has not met.
    widest = int(lines[0].pixels.shape[1])
    return -(-widest // _WIDTHS) * _WIDTHS


def tensor_of(lines: list[Line]) -> torch.Tensor:
    """Return lines, the widest first, as one input of the network, padded with white."""
    width = _input_width(lines)
    blob = np.full((len(lines), 1, lines[0].pixels.shape[0], width), 255, np.float32)
    for row, line in zip(blob, lines, strict=True):
        row[0, :, : line.pixels.shape[1]] = line.pixels
    return torch.from_numpy(1 - blob / 127.5)


class _State:
    """Everything that a checkpoint holds."""

    def __init__(self, training: Training) -> None:
        torch.manual_seed(training.seed)
        self.training = training
        self.network = LineNetwork(len(SYMBOLS)).to(memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.network)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), training.rate, betas=(0.9, 0.98), weight_decay=0.02
        )
        self.lines = self.shard = self.visit = self.steps = 0

    @property
    def rate(self) -> float:
        """The learning rate: a warm-up, then half a cosine."""
        done = min(1.0, self.lines / self.training.lines)
        warm = min(1.0, (self.steps + 1) / self.training.warm_up)
        return self.training.rate * warm * max(0.01, (1 + math.cos(math.pi * done)) / 2)

    def step(self, lines: list[Line]) -> float:
        """Learn from one batch; return its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate
        self.network.train()
        inputs = tensor_of(lines).contiguous(memory_format=torch.channels_last)
        targets = torch.tensor([_INDEX[char] for line in lines for char in line.symbols])
        lengths = torch.tensor([len(line.symbols) for line in lines])
        steps = torch.tensor([steps_of(line.pixels.shape[1]) for line in lines])
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.network(inputs)
        chances = logits.float().log_softmax(-1).transpose(0, 1)
        loss = nn.functional.ctc_loss(chances, targets, steps, lengths, zero_infinity=True)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.steps += 1
        self._average()
        return float(loss.detach())

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.training.averaging, (1 + self.steps) / (_STALE + self.steps))
        pairs = zip(
            self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True
        )
        for kept, new in pairs:
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)

    def dump(self) -> dict[str, Any]:
        """Return what `load` takes."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "counts": [self.lines, self.shard, self.visit, self.steps],
            "random": torch.get_rng_state(),
        }

    def load(self, kept: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.network.load_state_dict(kept["network"])
        self.averaged.load_state_dict(kept["averaged"])
        self.optimizer.load_state_dict(kept["optimizer"])
        self.lines, self.shard, self.visit, self.steps = kept["counts"]
        torch.set_rng_state(kept["random"])


def averaged_network(checkpoint: Path) -> LineNetwork:
    """Return the network of a checkpoint with averaged weights, ready to read."""
    network: LineNetwork = LineNetwork(len(SYMBOLS))
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["averaged"])
    network.eval()
    return network
