"""VCNN: a network that looks at pixels alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from classifiers.calibration import fit_temperature, softmax
from classifiers.extras import needs
from classifiers.folds import make_folds
from classifiers.labels import labels_of
from classifiers.onnx_network import OnnxNetwork, export
from classifiers.table import Table, TableError

if TYPE_CHECKING:
    from torch import Tensor

    from classifiers.network_training import Epoch

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

_EMBEDDING = "embedding"
_LEAST_SIDE = 32
_STOP_PARTS = 5


class VCNN(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classifies pictures by their pixels, with a small convolutional network.

    Follows scikit-learn's conventions. PyTorch (the extra ``train``) is needed to fit, not to
    predict: what is fitted is an ONNX file.

    Parameters
    ----------
    width, embedding : int
        Channels of the first block, and length of the embedding; see `networks.Network`.
    epochs, batch_size, learning_rate, patience, augmentation, half
        See `network_training.Schedule`. One fifth of the pictures, whole groups of them, is held
        out to tell which epoch was best and to calibrate; none when there are too few.
    class_weight : None or "balanced"
        "balanced" makes the weights of the classes inverse to their frequencies.
    checkpoint : path-like, optional
        File to continue from after an interruption.
    on_epoch : callable, optional
        Told of each `network_training.Epoch`.
    random_state : int
        Same data, same seed, same machine: same network.

    Attributes
    ----------
    classes_ : ndarray of str, shape (n_classes,)
        The classes in alphabetical order.
    network_ : OnnxNetwork
        What was learned.
    side_ : int
        Width and height of the pictures.
    temperature_ : float
        What raw scores are divided by.
    history_ : list of Epoch
        The losses of each epoch. Not saved.
    n_parameters_ : int
        How many numbers were learned. Not saved.

    Examples
    --------
    >>> model = VCNN(epochs=5).fit(pixels, labels, groups=albums)  # doctest: +SKIP
    >>> model.predict_proba(pixels).shape  # doctest: +SKIP
    (2110, 10)
    """

    kind = "vcnn"
    """What a saved model is called in its file."""

    def __init__(
        self,
        *,
        width: int = 16,
        embedding: int = 128,
        epochs: int = 30,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        patience: int = 8,
        augmentation: str = "none",
        half: bool = False,
        class_weight: str | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
        random_state: int = 0,
    ) -> None:
        self.width = width
        self.embedding = embedding
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.patience = patience
        self.augmentation = augmentation
        self.half = half
        self.class_weight = class_weight
        self.checkpoint = checkpoint
        self.on_epoch = on_epoch
        self.random_state = random_state

    def fit(
        self,
        X: Pixels,  # noqa: N803
        y: ArrayLike,
        groups: ArrayLike | None = None,
        metadata: Table | None = None,
    ) -> Self:
        """Train on pictures.

        Parameters
        ----------
        X : ndarray of uint8, shape (n, side, side, 3)
            RGB pictures, as `pictures.load_pictures` gives them; the side is at least 32.
        y : array of str, shape (n,)
            The class of each.
        groups : array, shape (n,), optional
            Pictures of one group are held out together.
        metadata : pandas.DataFrame or pyarrow.Table, n rows, optional
            Their feature table; for `MCNN` only.

        Raises
        ------
        MissingExtra
            PyTorch is not installed.
        TableError
            Pictures, labels or groups don't fit together, there is only one class, or a parameter
            is wrong.
        ModelFileError
            The checkpoint is damaged, or of another training.
        """
        needs("torch", "training a network")
        from classifiers import network_training as training
        from classifiers.networks import count_parameters

        pixels = _checked(X)
        labels = labels_of(y, len(pixels))
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise TableError(f"there is only the class {str(labels[0])!r}; at least two are needed")
        schedule = self._schedule()
        self.side_ = pixels.shape[1]
        stop = self._stop_rows(codes, groups)
        known = self._fit_metadata(metadata, len(pixels))
        examples = training.Examples(
            pixels, self._targets(codes, pixels), known, self._weights(codes)
        )
        heads = self._heads(len(self.classes_))
        network = training.new_network(
            self.random_state,
            heads,
            width=self.width,
            embedding=self.embedding,
            metadata=0 if known is None else known.shape[1],
        )
        path = None if self.checkpoint is None else Path(self.checkpoint)
        self.history_ = training.train(
            network, examples, self._loss, schedule, stop, path, self.on_epoch
        )
        self.n_parameters_ = count_parameters(network)
        outputs = (_EMBEDDING, *heads)
        self.network_ = OnnxNetwork(export(network, outputs, self.side_), outputs)
        self.temperature_ = 1.0
        if stop is not None:
            found = self.network_.run(pixels[stop], None if known is None else known[stop])
            self.temperature_ = fit_temperature(self._log_odds(found), codes[stop], None)
        return self

    def predict_proba(self, X: Pixels, metadata: Table | None = None) -> Floats:  # noqa: N803
        """Return probabilities, shape (n, n_classes).

        Raises
        ------
        TableError
            The pictures are of another size than those trained on, or metadata are missing.
        """
        return softmax(self._log_odds(self._run(X, metadata)), self.temperature_)

    def predict(self, X: Pixels, metadata: Table | None = None) -> NDArray[np.object_]:  # noqa: N803
        """Return the most likely class of each picture, shape (n,)."""
        chosen = self.predict_proba(X, metadata).argmax(axis=1)
        return np.asarray(self.classes_[chosen], dtype=object)

    def embed(self, X: Pixels, metadata: Table | None = None) -> NDArray[np.float32]:  # noqa: N803
        """Return the embeddings, shape (n, embedding)."""
        return self._run(X, metadata)[_EMBEDDING]

    def _run(self, pixels: Pixels, metadata: Table | None) -> dict[str, NDArray[np.float32]]:
        check_is_fitted(self, "network_")
        pixels = _checked(pixels)
        if pixels.shape[1] != self.side_:
            raise TableError(
                f"the pictures are {pixels.shape[1]} pixels wide; the model was trained on "
                f"{self.side_}"
            )
        return self.network_.run(pixels, self._metadata(metadata, len(pixels)))

    def _heads(self, classes: int) -> dict[str, int]:
        return {"class": classes}

    def _targets(self, codes: NDArray[np.intp], pixels: Pixels) -> dict[str, NDArray[Any]]:
        return {"class": codes.astype(np.int64)}

    def _loss(self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs["class"], targets["class"], reduction="none")

    def _log_odds(self, outputs: Mapping[str, NDArray[np.float32]]) -> Floats:
        return outputs["class"].astype(np.float64)

    def _fit_metadata(self, metadata: Table | None, rows: int) -> NDArray[np.float32] | None:
        return self._metadata(metadata, rows)

    def _metadata(self, metadata: Table | None, rows: int) -> NDArray[np.float32] | None:
        if metadata is not None:
            raise TableError(f"{type(self).__name__} looks at pixels alone; MCNN takes metadata")
        return None

    def _weights(self, codes: NDArray[np.intp]) -> NDArray[np.float32] | None:
        if self.class_weight is None:
            return None
        if self.class_weight != "balanced":
            raise TableError(f"class_weight={self.class_weight!r}; give None or 'balanced'")
        counts = np.bincount(codes)
        return (len(codes) / (len(counts) * counts))[codes].astype(np.float32)

    def _schedule(self) -> Any:
        from classifiers.augmentation import AUGMENTATIONS
        from classifiers.network_training import Schedule

        if self.augmentation not in AUGMENTATIONS:
            known = ", ".join(AUGMENTATIONS)
            raise TableError(f"augmentation={self.augmentation!r}; choose from: {known}")
        for name in ("width", "embedding", "epochs", "batch_size", "patience"):
            if getattr(self, name) < 1:
                raise TableError(f"{name}={getattr(self, name)!r}; at least 1 is needed")
        return Schedule(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            patience=self.patience,
            augmentation=self.augmentation,
            half=self.half,
            seed=self.random_state,
        )

    def _stop_rows(
        self, codes: NDArray[np.intp], groups: ArrayLike | None
    ) -> NDArray[np.bool_] | None:
        """Choose the pictures that are held out; None when that would take a whole class."""
        try:
            part = make_folds(codes, groups, _STOP_PARTS, self.random_state)
        except TableError:
            return None
        for number in np.unique(part):
            if len(np.unique(codes[part != number])) == len(self.classes_):
                return np.asarray(part == number)
        return None


def _checked(pixels: Pixels) -> Pixels:
    found = np.asarray(pixels)
    if (
        found.dtype != np.uint8
        or found.ndim != 4
        or found.shape[1] != found.shape[2]
        or found.shape[3] != 3
        or found.shape[1] < _LEAST_SIDE
    ):
        raise TableError(
            f"pictures must be an array of uint8 of the shape (n, side, side, 3), the side at "
            f"least {_LEAST_SIDE}, not {found.dtype} {found.shape}"
        )
    return found
