"""The training loop: seeded, stopped early, and continued after it was killed."""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifiers.augmentation import AUGMENTATIONS
from classifiers.networks import Network
from epic_features.errors import ModelFileError

logger = logging.getLogger(__name__)

Loss = Callable[[Mapping[str, Tensor], Mapping[str, Tensor]], Tensor]
"""What the network gives and what is true -> the loss of each picture, shape (n,)."""

_AT_ONCE = 64


@dataclass(frozen=True)
class Schedule:
    """How a network is trained.

    Attributes
    ----------
    epochs : int
        Most passes over the pictures.
    batch_size : int
        Pictures in a step.
    learning_rate : float
        Initial rate of Adam (its betas are 0.9 and 0.999); it falls to 0 along half a cosine
        (Loshchilov, Hutter 2017).
    patience : int
        Epochs without a lower loss on the pictures held out after which training stops.
    augmentation : str
        ``"none"``, ``"rotation"`` or ``"strong"``; see `classifiers.augmentation`.
    half : bool
        Compute the convolutions in bfloat16. Faster on processors that have it (a third with
        AVX-512), slower on others.
    seed : int
        Of the order, the augmentation and the dropout.
    """

    epochs: int = 30
    batch_size: int = 32
    learning_rate: float = 1e-3
    patience: int = 8
    augmentation: str = "none"
    half: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Examples:
    """What a network learns from.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (n, side, side, 3)
        RGB.
    targets : dict of str to ndarray, each of n rows
        What the loss is told.
    metadata : ndarray of float32, shape (n, m), optional
        Known beside the pixels.
    weights : ndarray of float32, shape (n,), optional
        Weight of each picture.
    """

    pixels: NDArray[np.uint8]
    targets: Mapping[str, NDArray[Any]]
    metadata: NDArray[np.float32] | None = None
    weights: NDArray[np.float32] | None = None

    def digest(self) -> str:
        """Return a checksum of everything."""
        found = hashlib.sha256(np.ascontiguousarray(self.pixels).data)
        for part in (*self.targets.values(), self.metadata, self.weights):
            found.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
        return found.hexdigest()


@dataclass(frozen=True)
class Epoch:
    """Mean loss of the pictures trained on and of those held out (None without any), CPU time."""

    number: int
    loss: float
    held_out: float | None
    seconds: float


def train(
    network: Network,
    examples: Examples,
    loss: Loss,
    schedule: Schedule,
    stop: NDArray[np.bool_] | None = None,
    checkpoint: Path | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> list[Epoch]:
    """Train a network in place.

    Each epoch draws from generators seeded by its number, so that training continued from a
    checkpoint ends with the same network as training that was never interrupted.

    Parameters
    ----------
    network : Network
        Its weights are changed; in the end it is set to evaluation.
    examples : Examples
        The pictures.
    loss : callable
        See `Loss`.
    schedule : Schedule
        How.
    stop : ndarray of bool, shape (n,), optional
        Pictures that are not trained on and tell which epoch was best; without them the last one
        is.
    checkpoint : Path, optional
        File to write after each epoch, and to continue from when it is there.
    on_epoch : callable, optional
        Told of each epoch.

    Returns
    -------
    list of Epoch
        One for each epoch.

    Raises
    ------
    ModelFileError
        The checkpoint is damaged, or of another training.
    """
    with _seeded(schedule.seed):
        network.to(memory_format=torch.channels_last)
        return _Run(network, examples, loss, schedule, stop, checkpoint).go(on_epoch)


class _Run:
    def __init__(
        self,
        network: Network,
        examples: Examples,
        loss: Loss,
        schedule: Schedule,
        stop: NDArray[np.bool_] | None,
        checkpoint: Path | None,
    ) -> None:
        self.network, self.examples, self.loss = network, examples, loss
        self.schedule, self.checkpoint = schedule, checkpoint
        held_out = np.zeros(len(examples.pixels), bool) if stop is None else stop
        self.train_rows, self.stop_rows = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        self.targets = {name: torch.as_tensor(values) for name, values in examples.targets.items()}
        self.optimizer = torch.optim.Adam(
            network.parameters(), lr=schedule.learning_rate, betas=(0.9, 0.999), fused=True
        )
        self.history: list[Epoch] = []
        self.best: dict[str, Tensor] = {}
        self.name = "" if checkpoint is None else self._digest(held_out)

    def go(self, on_epoch: Callable[[Epoch], None] | None) -> list[Epoch]:
        self._resume()
        while len(self.history) < self.schedule.epochs and not self._is_over():
            number = len(self.history)
            started = time.process_time()
            loss, held_out = self._pass(number), self._held_out()
            epoch = Epoch(number, loss, held_out, time.process_time() - started)
            self.history.append(epoch)
            if self._best_number() == number:
                self.best = {k: v.clone() for k, v in self.network.state_dict().items()}
            self._save()
            logger.debug("epoch %d: loss %.4f, held out %s", number, epoch.loss, epoch.held_out)
            if on_epoch:
                on_epoch(epoch)
        self.network.load_state_dict(self.best)
        self.network.eval()
        return self.history

    def _pass(self, number: int) -> float:
        """Train for one epoch; return the mean loss."""
        torch.manual_seed(1_000_003 * self.schedule.seed + number)
        random = np.random.default_rng((self.schedule.seed, number))
        augment = AUGMENTATIONS[self.schedule.augmentation]
        order = random.permutation(self.train_rows)
        size = min(self.schedule.batch_size, len(order))
        steps = len(order) // size
        total = 0.0
        self.network.train()
        for step in range(steps):
            done = (number + step / steps) / self.schedule.epochs
            for group in self.optimizer.param_groups:
                group["lr"] = self.schedule.learning_rate * (1 + math.cos(math.pi * done)) / 2
            rows = order[step * size : (step + 1) * size]
            found = self._losses(rows, augment(self.examples.pixels[rows], random)).mean()
            self.optimizer.zero_grad()
            found.backward()
            self.optimizer.step()
            total += float(found.detach())
        return total / steps

    def _held_out(self) -> float | None:
        if not len(self.stop_rows):
            return None
        self.network.eval()
        with torch.no_grad():
            parts = [
                self._losses(rows, self.examples.pixels[rows])
                for rows in np.array_split(self.stop_rows, -(-len(self.stop_rows) // _AT_ONCE))
            ]
        return float(torch.cat(parts).mean())

    def _losses(self, rows: NDArray[np.intp], pixels: NDArray[np.uint8]) -> Tensor:
        index = torch.as_tensor(rows)
        known = self.examples.metadata
        with torch.autocast("cpu", torch.bfloat16, enabled=self.schedule.half):
            found = self.network(
                as_input(pixels), None if known is None else torch.as_tensor(known[rows])
            )
        outputs = {name: values.float() for name, values in found.items()}
        losses = self.loss(outputs, {name: values[index] for name, values in self.targets.items()})
        weights = self.examples.weights
        return losses if weights is None else losses * torch.as_tensor(weights[rows])

    def _best_number(self) -> int:
        if not len(self.stop_rows):
            return len(self.history) - 1
        return int(np.argmin([float(epoch.held_out or 0) for epoch in self.history]))

    def _is_over(self) -> bool:
        return bool(self.history) and (
            len(self.history) - 1 - self._best_number() >= self.schedule.patience
        )

    def _digest(self, held_out: NDArray[np.bool_]) -> str:
        start = hashlib.sha256(self.examples.digest().encode() + held_out.tobytes())
        start.update(repr((asdict(self.schedule), str(self.network), torch.__version__)).encode())
        for values in self.network.state_dict().values():
            start.update(values.contiguous().numpy().tobytes())
        return start.hexdigest()

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        state = {
            "training": self.name,
            "history": [asdict(epoch) for epoch in self.history],
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
        }
        part = self.checkpoint.with_name(self.checkpoint.name + ".part")
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, part)
        part.replace(self.checkpoint)

    def _resume(self) -> None:
        if self.checkpoint is None or not self.checkpoint.exists():
            return
        try:
            state = torch.load(self.checkpoint, weights_only=True)
            same = state["training"] == self.name
        except Exception as error:  # torch gives errors of many kinds for a damaged file.
            raise ModelFileError(
                f"can't read the checkpoint {self.checkpoint}: {error}; remove it to start anew"
            ) from error
        if not same:
            raise ModelFileError(
                f"the checkpoint {self.checkpoint} is of another training: other pictures, labels "
                "or parameters; remove it, or choose another path"
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.best = state["best"]
        self.history = [Epoch(**epoch) for epoch in state["history"]]


def as_input(pixels: NDArray[np.uint8]) -> Tensor:
    """Return pictures as the network takes them: (n, 3, side, side), from -1 to 1."""
    channels_first = torch.as_tensor(pixels).permute(0, 3, 1, 2)
    return (channels_first.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def new_network(seed: int, heads: Mapping[str, int], **shape: Any) -> Network:
    """Return a network with weights drawn by a seed; see `Network`."""
    with _seeded(seed):
        return Network(heads, **shape)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Let a seed and one thread decide, and leave the process as it was."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
