"""A picture as a few hundred numbers: what a network makes of it before it names a class."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epic_features import models
from epic_features.errors import ImageError, ModelFileError, ModelNotFound, SettingsError
from epic_features.extras.preprocess import FILE_NAME, Preprocess
from epic_features.image import Image
from epic_features.networks import open_session
from epic_features.settings import EMBEDDING_ROLES, Settings
from epic_features.sources.names import printable
from epic_features.stage import Backend

SHIPPED = Path(models.__file__).parent / "embedders"
"""A folder for each name: its ``preprocess.json``, and its ONNX file unless that is downloaded."""

DEFAULT = "backbones"
"""The network that the shipped models were trained with."""

_BATCH = 4
"""Larger batches are no faster on a CPU, networks with large maps slower."""


class Embedder:
    """Runs a network on pictures, with one thread.

    Parameters
    ----------
    model : path-like or str, optional
        An ONNX file with a ``preprocess.json`` beside it (see
        `epic_features.extras.preprocess.Preprocess`), a folder with both and no other ONNX file, or
        the name of a network that comes with the library, by default ``"backbones"``. The ONNX
        file holds its weights itself, and takes one float32 picture, or any number of them, of the
        size and layout that ``preprocess.json`` gives.
    model_dir : path-like, optional
        Folder of downloaded models; see `epic_features.models.cache_dir`.

    Attributes
    ----------
    path : Path
        The ONNX file.
    preprocess : Preprocess
        How pictures are made ready for it.

    Raises
    ------
    ModelNotFound
        There is no such file.
    SettingsError
        `model` is neither a path nor the name of a network.
    ModelFileError
        ``preprocess.json`` is missing or wrong; or, when the network is first used, it is not a
        network of one picture and of the output asked for.

    Examples
    --------
    >>> embedder = Embedder("mobilenet/")  # doctest: +SKIP
    >>> embedder.embed([pixels, more_pixels]).shape  # doctest: +SKIP
    (2, 1280)
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = DEFAULT,
        model_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        self.path, described = _locate(os.fspath(model), model_dir)
        self.preprocess = Preprocess.read(described)

    @cached_property
    def backends(self) -> tuple[Backend, ...]:
        """The network, and what is done to pictures before it; each with its checksum."""
        import onnxruntime
        import PIL

        prepared = json.dumps(self.preprocess.to_dict(), sort_keys=True).encode()
        network, prepare = EMBEDDING_ROLES
        name = f"{printable(self.path.stem)} (onnxruntime)"
        return (
            Backend(network, name, onnxruntime.__version__, models.sha256(self.path)),
            Backend(prepare, "pillow", PIL.__version__, hashlib.sha256(prepared).hexdigest()),
        )

    @cached_property
    def size(self) -> int:
        """Length of an embedding."""
        shape = self._output.shape[1:]
        if not all(isinstance(n, int) for n in shape):
            shape = self._run(np.zeros((1, *self._input_shape), np.float32)).shape[1:]
        if sum(n != 1 for n in shape) > 1:
            raise self._wrong(
                f"its output {self._output.name!r} has the shape {self._output.shape}, but an "
                "embedding is one list of numbers for each picture"
            )
        return int(np.prod(shape))

    def embed(self, images: Iterable[Image | NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the embeddings of some pictures.

        Parameters
        ----------
        images : iterable of Image or ndarray of uint8, shape (height, width, 3)
            Decoded pictures, upright, RGB. They are taken a few at a time.

        Returns
        -------
        ndarray of float32, shape (n, size)

        Raises
        ------
        ModelFileError
            The network can't be used, or gives numbers that are not finite.
        """
        rest = iter(images)
        parts = [np.zeros((0, self.size), np.float32)]
        while batch := list(islice(rest, self._most)):
            inputs = [self.preprocess(i.pixels if isinstance(i, Image) else i) for i in batch]
            found = self._run(np.stack(inputs)).reshape(len(batch), -1)
            if not np.isfinite(found).all():
                raise self._wrong("gives numbers that are not finite")
            parts.append(found)
        return np.concatenate(parts)

    @cached_property
    def _session(self) -> Any:
        try:
            # From memory: it can't open every path, and must be what the checksum is of.
            session = open_session(self.path.read_bytes())
        except Exception as error:  # Those of onnxruntime have no common base.
            raise self._wrong(f"is not an ONNX file that can be run: {_short(error)}") from error
        self._check(session)
        return session

    def _check(self, session: Any) -> None:
        inputs = session.get_inputs()
        if len(inputs) != 1:
            names = ", ".join(item.name for item in inputs)
            raise self._wrong(f"wants {len(inputs)} inputs ({names}) instead of one picture")
        (wanted,) = inputs
        if wanted.type != "tensor(float)":
            raise self._wrong(f"its input is a {wanted.type} and not a tensor(float)")
        shape = self._input_shape
        fits = len(wanted.shape) == 4 and all(
            not isinstance(theirs, int) or theirs == ours
            for theirs, ours in zip(wanted.shape[1:], shape, strict=True)
        )
        if not fits or (isinstance(wanted.shape[0], int) and wanted.shape[0] != 1):
            raise self._wrong(
                f"its input has the shape {wanted.shape}, but input_size and layout of "
                f"{FILE_NAME} give {['n', *shape]}"
            )
        outputs = [item.name for item in session.get_outputs()]
        if self.preprocess.output not in outputs:
            raise self._wrong(
                f"has no output {self.preprocess.output!r}, which {FILE_NAME} names; it has "
                f"{', '.join(outputs)}"
            )

    @property
    def _output(self) -> Any:
        outputs = self._session.get_outputs()
        return next(item for item in outputs if item.name == self.preprocess.output)

    @property
    def _input_shape(self) -> tuple[int, int, int]:
        side = self.preprocess.input_size
        return (3, side, side) if self.preprocess.layout == "NCHW" else (side, side, 3)

    @property
    def _most(self) -> int:
        """Pictures at once."""
        first = self._session.get_inputs()[0].shape[0]
        return 1 if isinstance(first, int) else _BATCH

    def _run(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        name = self._session.get_inputs()[0].name
        try:
            (found,) = self._session.run([self.preprocess.output], {name: inputs})
        except Exception as error:  # As above.
            raise self._wrong(f"can't be run: {_short(error)}") from error
        return np.asarray(found, np.float32)

    def _wrong(self, what: str) -> ModelFileError:
        return ModelFileError(f"the network {self.path} {what}")


class EmbeddingStage:
    """The column ``embedding``.

    Parameters
    ----------
    embedder : Embedder
        The network.
    """

    group = "embedding"

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.size = embedder.size

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The network."""
        return self._embedder.backends

    def __call__(self, image: Image) -> Mapping[str, Any]:
        """Return the embedding as a list of floats."""
        try:
            (found,) = self._embedder.embed([image])
        except ModelFileError as error:  # It was good enough to start with: it is this picture.
            raise ImageError(image.relative_path or "<pixels>", str(error), self.group) from error
        return {"embedding": found.tolist()}


def build_embedding_stage(settings: Settings) -> EmbeddingStage:
    """Build the stage of the network that the settings name."""
    if settings.embedding is None:  # `Settings` refuses the group without it.
        raise SettingsError("the group 'embedding' needs a network")
    return EmbeddingStage(Embedder(settings.embedding, settings.model_dir))


def _locate(model: str, model_dir: str | os.PathLike[str] | None) -> tuple[Path, Path]:
    """Return the ONNX file and the file that describes its input."""
    if model in (known := _names()):
        described = SHIPPED / model / FILE_NAME
        network = described.with_name(f"{model}.onnx")
        if not network.is_file():
            network = models.find(model, cache=models.cache_dir(model_dir))
        return network, described
    path = Path(model).expanduser()
    if path.is_dir():
        path = _only_network(path)
    elif not path.is_file():
        if path.name == model and path.suffix != ".onnx":
            raise SettingsError(
                f"embedding={model!r} is neither a file or folder nor the name of a network; "
                f"{'names are: ' + ', '.join(known) if known else 'no network has a name yet'}"
            )
        raise ModelNotFound(f"there is no network at {path}; give an ONNX file, or its folder")
    return path, path.with_name(FILE_NAME)


def _names() -> Sequence[str]:
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{FILE_NAME}"))


def _only_network(folder: Path) -> Path:
    found = sorted(folder.glob("*.onnx"))
    if len(found) != 1:
        listed = f" ({', '.join(path.name for path in found)})" if found else ""
        raise ModelFileError(
            f"the folder {folder} holds {len(found)} ONNX files{listed}; name the one to use"
        )
    return found[0]


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
