"""Train the small embedding `vcnn`: ``python -m training.embedder DATA TEACHER``.

A network as small as the seed's VCNN learns several things at once: the ten classes, personal or
irrelevant, what WhatsApp pictures are, drawn or real (what is not known of a picture is left out
of its loss), and to answer as the network TEACHER does (Hinton, Vinyals, Dean 2015): both look at
the same parts of the pictures, in the same light (Beyer et al. 2022). `DATA` holds a folder of
pictures per class and a ``manifest.csv``; drawn pictures are added as for the ten classes.

Beside the network of all pictures it trains one without each fold, for figures of pictures that a
network has not seen; see `embeddings`. Everything is resumed after an interruption.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from classifiers.network_training import Examples, Schedule, new_network, train
from classifiers.networks import EMBEDDING, Network
from classifiers.onnx_network import OnnxNetwork, export
from classifiers.pictures import SIDE, load_pictures
from epic_features import Settings
from epic_features.extras.embedding import SHIPPED, Embedder
from epic_features.extras.preprocess import FILE_NAME, Preprocess
from epic_features.image import decode
from training.data import EVERY, Data, drawn_pictures, held_out_file, load_features
from training.views import view

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)

NAME = "vcnn"
TARGETS = ("class", "personal", "whatsapp", "drawn")
VIEWS, DRAWN_VIEWS = 8, 2
EPOCHS, TEACHING = 4, 2.0
_COMPONENTS = 128
_SCHEDULE = Schedule(epochs=EPOCHS, batch_size=64, learning_rate=2e-3, half=True)


@dataclass(frozen=True)
class Lessons:
    """Parts of pictures, what is known of them, and what the teacher says.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (n, 128, 128, 3)
        Parts of pictures.
    taught : ndarray of float32, shape (n, length)
        The teacher's embedding of each.
    codes : dict of str to ndarray of int, shape (n,)
        Index of the class for each of `TARGETS`, -1 where it is not known.
    weights : ndarray of float32, shape (n,)
        Weights.
    fold : ndarray of int, shape (n,)
        Fold of the picture; -1 for drawn ones.
    """

    pixels: NDArray[np.uint8]
    taught: NDArray[np.float32]
    codes: Mapping[str, NDArray[np.int64]]
    weights: NDArray[np.float32]
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
    own = options.cache / "embedder"
    own.mkdir(parents=True, exist_ok=True)
    teacher = Embedder(options.teacher)
    # It looks at the parts as they are.
    teacher.preprocess = replace(teacher.preprocess, crop=None)
    lessons = read_lessons(data, options.data, options.cache, teacher)
    ship(trained(lessons, None, own), options.out)
    pixels = load_pictures(data.paths(options.data, options.cache))
    kept = held_out_file(options.cache, Embedder(options.out))
    np.savez(kept, allow_pickle=False, **embeddings(lessons, pixels, own))


def trained(lessons: Lessons, without: int | None, folder: Path) -> OnnxNetwork:
    """Train a network, without a fold or on everything, or take the one trained before."""
    name = "all" if without is None else f"without-{without}"
    path = folder / f"{name}.onnx"
    if not path.exists():
        seen = np.ones(len(lessons.fold), bool) if without is None else lessons.fold != without
        network = _train(lessons, seen, folder / f"{name}.pt")
        part = path.with_suffix(".part")
        part.write_bytes(export(network, (EMBEDDING,), SIDE))
        part.replace(path)
        (folder / f"{name}.pt").unlink()
        logger.info("%s: %d parts of pictures", name, seen.sum())
    return OnnxNetwork(path.read_bytes(), (EMBEDDING,))


def embeddings(
    lessons: Lessons, pixels: NDArray[np.uint8], folder: Path
) -> dict[str, NDArray[np.float32]]:
    """Return the embedding of each picture by the network of all, and by those without a fold.

    Returns
    -------
    dict of str to ndarray of float32, shape (n, length)
        Under `training.data.EVERY` and the number of each fold.
    """
    folds = np.unique(lessons.fold[lessons.fold >= 0])
    names = {EVERY: None, **{str(k): int(k) for k in folds}}
    return {n: trained(lessons, k, folder).run(pixels)[EMBEDDING] for n, k in names.items()}


def ship(network: OnnxNetwork, folder: Path) -> None:
    """Write a network as one that has a name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.onnx").write_bytes(network.model)
    Preprocess(
        input_size=SIDE,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        interpolation="bilinear",
        crop=None,
        layout="NCHW",
        output=EMBEDDING,
    ).save(folder / FILE_NAME)


def read_lessons(data: Data, folder: Path, cache: Path, teacher: Embedder) -> Lessons:
    """Cut parts out of the pictures and ask the teacher; done once."""
    facts = data.facts
    real = (facts["fold"] >= 0).to_numpy()
    paths = data.table["relative_path"].to_numpy()
    pictures = drawn_pictures(cache)
    parts = [
        _views([folder / path for path in paths[real]], VIEWS, teacher, cache / "embedder/real"),
        _views(
            [pictures / path for path in paths[~real]],
            DRAWN_VIEWS,
            teacher,
            cache / "embedder/drawn",
        ),
    ]
    rows = np.repeat(np.arange(len(facts)), np.where(real, VIEWS, DRAWN_VIEWS))
    codes = {name: pd.Categorical(facts[name]).codes.astype(np.int64)[rows] for name in TARGETS}
    return Lessons(
        pixels=np.concatenate([pixels for pixels, _ in parts]),
        taught=np.concatenate([taught for _, taught in parts]).astype(np.float32),
        codes=codes,
        weights=facts["weight"].to_numpy(np.float32)[rows],
        fold=facts["fold"].to_numpy(np.int64)[rows],
    )


def _train(lessons: Lessons, seen: NDArray[np.bool_], checkpoint: Path) -> Network:
    taught = lessons.taught[seen]
    middle = taught.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((taught - middle).T))
    wanted = (taught - middle) @ vectors[:, ::-1][:, :_COMPONENTS]
    codes = {name: values[seen] for name, values in lessons.codes.items()}
    targets = {**codes, "teacher": (wanted / wanted.std()).astype(np.float32)}
    heads = {name: int(lessons.codes[name].max()) + 1 for name in TARGETS}
    network = new_network(0, {**heads, "teacher": wanted.shape[1]}, dropout=0.1)
    examples = Examples(lessons.pixels[seen], targets, weights=lessons.weights[seen])
    train(network, examples, _loss, _SCHEDULE, checkpoint=checkpoint)
    return network


def _loss(outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Tensor:
    from torch.nn.functional import cross_entropy, mse_loss

    total = TEACHING * mse_loss(outputs["teacher"], targets["teacher"], reduction="none").mean(1)
    for name in TARGETS:
        total = total + cross_entropy(
            outputs[name], targets[name], ignore_index=-1, reduction="none"
        )
    return total


def _views(
    paths: Sequence[Path], count: int, teacher: Embedder, kept: Path
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Return parts of pictures and what the teacher makes of them; the first part is the whole."""
    pixels_at, taught_at = kept.with_suffix(".views.npy"), kept.with_suffix(".taught.npy")
    if taught_at.exists():
        return np.load(pixels_at), np.load(taught_at)
    random = np.random.default_rng(5)
    side = teacher.preprocess.input_size
    pixels = np.zeros((len(paths), count, SIDE, SIDE, 3), np.uint8)
    taught = np.zeros((len(paths), count, teacher.size), np.float16)
    for number, path in enumerate(paths):
        picture = decode(path.read_bytes(), Settings()).pixels
        parts = [view(picture, side, random, whole=k == 0) for k in range(count)]
        pixels[number] = [cv2.resize(p, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for p in parts]
        taught[number] = teacher.embed(parts)
    flat = pixels.reshape(-1, SIDE, SIDE, 3), taught.reshape(len(paths) * count, -1)
    np.save(pixels_at, flat[0])
    np.save(taught_at, flat[1])
    return flat


if __name__ == "__main__":
    main()
