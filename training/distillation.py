"""Train the default embedding: ``python -m training.distillation DATA TEACHER``.

One dense layer learns to make of what the two detectors see inside (`training.backbones`) what
TEACHER, a network trained on a million pictures of all kinds, makes of the same part of a picture
(Hinton, Vinyals, Dean 2015; same part and light: Beyer et al. 2022). No label takes part. What is
shipped is the hidden layer; the layer that gives the teacher's principal components is dropped.

`DATA` holds a folder of pictures per class and a ``manifest.csv``; drawn pictures are added as for
the ten classes. Beside the network of all pictures one is trained without each fold, for figures
of pictures that a network has not seen; see `embeddings`. What was made is not made again.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features import Settings, models
from epic_features.extras.embedding import SHIPPED, Embedder
from epic_features.extras.preprocess import FILE_NAME, Preprocess
from epic_features.image import decode
from training.backbones import EMBEDDING, LIMIT, POOLED, SIDE, Head, join
from training.data import EVERY, Data, held_out_file, load_features
from training.views import view

logger = logging.getLogger(__name__)

NAME = "backbones"
VIEWS = 8
LENGTH, COMPONENTS = 512, 128
EPOCHS, BATCH, RATE, DROPOUT, DECAY = 12, 128, 3e-3, 0.5, 1e-4

Reals = NDArray[np.float32]


@dataclass(frozen=True)
class Lessons:
    """Parts of pictures as the backbones and the teacher see them.

    Attributes
    ----------
    pooled : ndarray of float32, shape (n, VIEWS, n_pooled)
        What the backbones make of parts of each picture; the first is the whole.
    taught : ndarray of float32, shape (n, VIEWS, length)
        What the teacher makes of them.
    fold : ndarray of int, shape (n,)
        Fold of the picture; -1 for drawn ones.
    """

    pooled: Reals
    taught: Reals
    fold: NDArray[np.int64]


def main() -> None:
    """Train all networks, ship the one of all pictures, and write what they all see."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/training"))
    parser.add_argument("--out", type=Path, default=SHIPPED / NAME)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data = load_features(options.data, options.cache)
    teacher = Embedder(options.teacher)
    own = options.cache / NAME / models.sha256(teacher.path)[:12]
    lessons = read_lessons(data, options.data, options.cache, own, teacher)
    found = embeddings(lessons, own)
    ship(trained(lessons, None, own), options.out)
    kept = held_out_file(options.cache, Embedder(options.out))
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.savez(kept, allow_pickle=False, **found)


def read_lessons(data: Data, folder: Path, cache: Path, own: Path, teacher: Embedder) -> Lessons:
    """Cut parts out of the pictures and show them to the backbones and the teacher; done once.

    Parameters
    ----------
    data : Data
        The pictures.
    folder, cache : Path
        As for `load_features`.
    own : Path
        Folder in which the lessons are kept.
    teacher : Embedder
        Is shown the parts as they are, whatever it crops otherwise.
    """
    kept = own / "lessons.npz"
    fold = data.facts["fold"].to_numpy(np.int64)
    if not kept.exists():
        teacher.preprocess = replace(teacher.preprocess, crop=None)
        save(join().SerializeToString(), POOLED, kept.parent / POOLED)
        pooled, taught = _shown(data.paths(folder, cache), Embedder(kept.parent / POOLED), teacher)
        part = kept.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, pooled=pooled, taught=taught)
        part.replace(kept)
    with np.load(kept) as found:
        pooled, taught = (found[n].astype(np.float32) for n in ("pooled", "taught"))
    return Lessons(pooled, taught, fold)


def trained(lessons: Lessons, without: int | None, folder: Path) -> Head:
    """Train a head, without a fold or on everything, or take the one trained before."""
    path = folder / f"{'all' if without is None else f'without-{without}'}.npz"
    if not path.exists():
        seen = np.ones(len(lessons.fold), bool) if without is None else lessons.fold != without
        head = train(lessons.pooled[seen], lessons.taught[seen])
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, **vars(head))
        part.replace(path)
        logger.info("%s: %d pictures", path.stem, seen.sum())
    with np.load(path) as found:
        return Head(**found)


def train(pooled: Reals, taught: Reals, *, seed: int = 0) -> Head:
    """Train a head on what the backbones and the teacher make of the same pictures.

    Parameters
    ----------
    pooled : ndarray of float32, shape (n, views, n_pooled)
        Of the backbones.
    taught : ndarray of float32, shape (n, views, length)
        Of the teacher, of which the first principal components are learned.
    seed : int
        Of the weights to begin with, of the order and of what is dropped.
    """
    import torch

    given, wanted = pooled.reshape(-1, pooled.shape[-1]), _components(taught)
    mean, scale = given.mean(axis=0), given.std(axis=0) + 1e-6
    inputs = torch.from_numpy(np.clip((given - mean) / scale, -LIMIT, LIMIT))
    targets = torch.from_numpy(wanted)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = torch.nn.Sequential(
            torch.nn.Linear(inputs.shape[1], LENGTH),
            torch.nn.ReLU(),
            torch.nn.Dropout(DROPOUT),
            torch.nn.Linear(LENGTH, targets.shape[1]),
        )
        optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
        batches = max(1, len(inputs) // BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, RATE, total_steps=EPOCHS * batches
        )
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(inputs))[: batches * BATCH].split(BATCH):
                loss = torch.nn.functional.mse_loss(network(inputs[rows]), targets[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
    weights, bias = (p.detach().numpy() for p in network[0].parameters())
    return Head(mean, scale, weights, bias)


def embeddings(lessons: Lessons, folder: Path) -> dict[str, Reals]:
    """Return the embedding of each picture by the network of all, and by those without a fold.

    Each network has coordinates of its own. Bringing them into common ones by least squares was
    tried: models trained on the result are clearly worse on pictures that no network had seen.

    Returns
    -------
    dict of str to ndarray of float32, shape (n, LENGTH)
        Under `training.data.EVERY` and the number of each fold.
    """
    folds = np.unique(lessons.fold[lessons.fold >= 0])
    heads = {EVERY: None, **{str(k): int(k) for k in folds}}
    whole = lessons.pooled[:, 0]
    return {name: trained(lessons, without, folder)(whole) for name, without in heads.items()}


def ship(head: Head, folder: Path) -> None:
    """Write a network as one that has a name."""
    save(join(head=head).SerializeToString(), EMBEDDING, folder)


def save(network: bytes, output: str, folder: Path) -> None:
    """Write a network of `join` so that `Embedder` can use it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{folder.name}.onnx").write_bytes(network)
    Preprocess(
        input_size=SIDE,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        interpolation="bilinear",
        crop=None,
        layout="NCHW",
        output=output,
    ).save(folder / FILE_NAME)


def _shown(
    paths: Sequence[Path], backbones: Embedder, teacher: Embedder
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Return what two networks make of parts of pictures, each of shape (n, VIEWS, length)."""
    sides = [network.preprocess.input_size for network in (backbones, teacher)]
    pooled = np.zeros((len(paths), VIEWS, backbones.size), np.float16)
    taught = np.zeros((len(paths), VIEWS, teacher.size), np.float16)
    for number, parts in enumerate(_parts(paths, max(sides))):
        pooled[number] = backbones.embed(parts)
        small = [_small(part, sides[1]) for part in parts]
        taught[number] = teacher.embed(small)
    return pooled, taught


def _small(part: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _parts(paths: Sequence[Path], side: int) -> Iterator[list[NDArray[np.uint8]]]:
    random = np.random.default_rng(5)
    for path in paths:
        picture = decode(path.read_bytes(), Settings()).pixels
        yield [view(picture, side, random, whole=k == 0) for k in range(VIEWS)]


def _components(taught: Reals) -> Reals:
    """Return the first principal components, scaled to a variance of 1 on average."""
    flat = taught.reshape(-1, taught.shape[-1])
    middle = flat.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((flat - middle).T))
    found = (flat - middle) @ vectors[:, ::-1][:, :COMPONENTS]
    return np.asarray(found / found.std(), np.float32)


if __name__ == "__main__":
    main()
