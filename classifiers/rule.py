"""What the quick rules of `classifiers.rules` share: fitting, answering, their file."""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from classifiers.calibration import softmax
from classifiers.guarantee import Guarantee
from classifiers.table import Table, TableError, check_provenance, column_of, provenance_of
from epic_features.errors import ModelFileError, OutputError
from epic_features.image import Image, decode
from epic_features.settings import Settings

Floats = NDArray[np.float64]

DRAWN, REAL = "animated", "real"

_FORMAT = 1
_FILE = "model.json"


class Verdict(NamedTuple):
    """What a rule says of one picture.

    Attributes
    ----------
    label : str
        "animated" or "real".
    probabilities : dict of str to float
        Of both classes; they sum to 1.
    reasons : tuple of str
        In plain words.
    values : dict of str to float
        The columns that were measured.
    """

    label: str
    probabilities: dict[str, float]
    reasons: tuple[str, ...]
    values: dict[str, float]


class Rule(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Tells drawings ("animated") from photographs ("real") by one measure.

    Follows scikit-learn's conventions on feature tables; `classify` takes a picture.

    Parameters
    ----------
    class_weight : "balanced" or None
        Whether the two classes count the same however many pictures each has. The probabilities
        are then those for as many drawings as photographs.

    Attributes
    ----------
    classes_ : ndarray of str, shape (2,)
        "animated" and "real".
    provenance_ : dict
        How the training table was made, as far as the rule depends on it.
    """

    kind: ClassVar[str]
    """Name of the rule."""
    columns: ClassVar[tuple[str, ...]]
    """Columns of the feature table it looks at."""

    # Rules hide nothing, so they protect no class.
    protect: ClassVar[tuple[str, ...]] = ()
    guarantee_: ClassVar[Guarantee | None] = None

    class_weight: str | None

    def fit(self, X: Table, y: ArrayLike) -> Self:  # noqa: N803
        """Learn from a table that holds `columns`.

        Parameters
        ----------
        X : pandas.DataFrame or pyarrow.Table
            Feature rows.
        y : array of str, shape (n_rows,)
            "animated" or "real".

        Raises
        ------
        TableError
            A column is missing or null, or a label is, or is neither of the two; or only one of
            them is there.
        """
        from sklearn.utils.class_weight import compute_sample_weight

        values = self._values(X)
        drawn = _drawn(y, len(values))
        if self.class_weight not in (None, "balanced"):
            raise TableError(f"class_weight={self.class_weight!r}; give 'balanced' or None")
        self._learn(values, drawn, compute_sample_weight(self.class_weight, drawn))
        self.classes_ = np.array([DRAWN, REAL])
        self.provenance_ = provenance_of(X, self.columns)
        return self

    def predict_proba(self, X: Table) -> Floats:  # noqa: N803
        """Return the probabilities of "animated" and "real", shape (n_rows, 2).

        Raises
        ------
        SettingsMismatch
            The table was extracted with other settings than the training table.
        TableError
            A column is missing or null.
        """
        check_is_fitted(self, "provenance_")
        check_provenance(X, self.provenance_)
        return self._probabilities(self._values(X))

    def predict(self, X: Table) -> NDArray[np.object_]:  # noqa: N803
        """Return the likelier class of each row, shape (n_rows,)."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)], dtype=object)

    def reasons(self, X: Table) -> list[str]:  # noqa: N803
        """Return for each row in words why it gets its class."""
        drawn = self.predict(X) == DRAWN
        return [self._reason(row, bool(d)) for row, d in zip(self._values(X), drawn, strict=True)]

    def classify(self, picture: bytes | Image, settings: Settings | None = None) -> Verdict:
        """Judge one picture.

        Parameters
        ----------
        picture : bytes or Image
            A whole image file, or one that is decoded already.
        settings : Settings, optional
            Limits for decoding.

        Raises
        ------
        ImageError
            The bytes are no picture, are damaged or exceed a limit, or the rule needs the file of
            an image that was given as pixels.
        """
        check_is_fitted(self, "provenance_")
        image = picture if isinstance(picture, Image) else decode(picture, settings or Settings())
        measured = self._measure(image)
        values = np.array([[measured[name] for name in self.columns]], np.float64)
        odds = self._probabilities(values)[0]
        label = str(self.classes_[odds.argmax()])
        probabilities = dict(zip(self.classes_.tolist(), odds.tolist(), strict=True))
        reasons = (self._reason(values[0], label == DRAWN),)
        return Verdict(label, probabilities, reasons, {**measured})

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the rule to ``model.json`` in a folder.

        Raises
        ------
        OutputError
            The folder can't be written.
        """
        check_is_fitted(self, "provenance_")
        target = Path(folder)
        record = {
            "format": _FORMAT,
            "kind": self.kind,
            "parameters": self.get_params(),
            "learned": self._state(),
            "provenance": self.provenance_,
        }
        text = json.dumps(record | {"sha256": _digest(record)}, indent=1)
        try:
            target.mkdir(parents=True, exist_ok=True)
            (target / _FILE).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"can't write the model {target}: {error.strerror}") from error

    def _probabilities(self, values: Floats) -> Floats:
        odds = self._log_odds(values)
        return softmax(np.column_stack([odds, np.zeros_like(odds)]))

    def _values(self, table: Table) -> Floats:
        values = np.column_stack([column_of(table, name) for name in self.columns])
        if lost := int(np.isnan(values).any(axis=1).sum()):
            raise TableError(
                f"{lost} of {len(values)} rows have no {' and '.join(self.columns)}; extract them "
                "from the files, with the groups bytes and cartoon"
            )
        return values

    @abstractmethod
    def _learn(self, values: Floats, drawn: NDArray[np.bool_], weights: Floats) -> None:
        """Learn from columns of shape (n, n_columns)."""

    @abstractmethod
    def _log_odds(self, values: Floats) -> Floats:
        """Return the log odds of "animated", shape (n,)."""

    @abstractmethod
    def _measure(self, image: Image) -> Mapping[str, float]:
        """Return the columns of one picture."""

    @abstractmethod
    def _reason(self, values: Floats, drawn: bool) -> str:
        """Say why columns of shape (n_columns,) speak for a class."""

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """Return what was learned as JSON-ready values."""

    @abstractmethod
    def _restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `_state` returned."""


def load_rule(kind: type[Rule], folder: str | os.PathLike[str]) -> Rule:
    """Read a rule that `Rule.save` wrote.

    Raises
    ------
    ModelFileError
        The file is missing, damaged, of another rule, or of a later version of this library.
    """
    source = Path(folder) / _FILE
    try:
        record = json.loads(source.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(f"can't read the rule {source}: {error}") from error
    if not isinstance(record, dict) or record.get("format") != _FORMAT:
        raise ModelFileError(f"{source} is not a rule of format {_FORMAT}; update epic-features")
    if record.pop("sha256", None) != _digest(record):
        raise ModelFileError(f"the rule {source} is damaged: its checksum is another")
    if record.get("kind") != kind.kind:
        raise ModelFileError(f"{source} is the rule {record.get('kind')!r}, not {kind.kind!r}")
    try:
        rule = kind(**record["parameters"])
        rule._restore(record["learned"])
        rule.classes_ = np.array([DRAWN, REAL])
        rule.provenance_ = dict(record["provenance"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"the rule {source} is damaged: {error}") from error
    return rule


def _digest(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _drawn(y: ArrayLike, rows: int) -> NDArray[np.bool_]:
    labels = np.asarray(y, dtype=object)
    if labels.shape != (rows,):
        raise TableError(f"labels of shape {labels.shape} for {rows} rows")
    found = {str(label) for label in labels}
    if found != {DRAWN, REAL}:
        raise TableError(
            f"the labels are {', '.join(sorted(found)) or 'none'}; pictures of both {DRAWN!r} and "
            f"{REAL!r} are needed, and no others"
        )
    return np.asarray(labels == DRAWN)
