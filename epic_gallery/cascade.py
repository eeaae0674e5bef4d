"""Cheap models first: what they are sure of needs no text reading.

A cascade is a row of steps and a last model. Every step computes a few more columns and asks a
small model that was trained on just those; a picture whose probability of some class reaches the
step's threshold is settled there, all others go on to the next step and in the end to the last
model. The thresholds come from pictures of sources that the models had not seen; see
`training.cascade`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from classifiers import pretrained
from classifiers.guarantee import UNSURE
from classifiers.tabular import TabularClassifier
from classifiers.workflow import classify, settings_of
from epic_features import OutputError, Settings
from epic_features.errors import ModelFileError

FULL = "full"
_FILE = "cascade.json"
_FORMAT = 2


@dataclass(frozen=True)
class Step:
    """One cheap model and how sure it must be.

    Attributes
    ----------
    name : str
        Of the step, such as ``"pixels"``.
    model : TabularClassifier
        Trained on a table of the step's columns.
    settle_from : mapping of str to float
        Least probability of each class at which the step's answer counts.
    """

    name: str
    model: TabularClassifier
    settle_from: Mapping[str, float]

    @property
    def settings(self) -> Settings:
        """How the table for the model is extracted."""
        return Settings.from_record(self.model.provenance_["settings"])

    def settle(self, table: pa.Table) -> NDArray[np.object_]:
        """Return the class of each row that is settled here, else "unsure"."""
        return settled(self.model.predict_proba(table), self.model.classes_, self.settle_from)


@dataclass(frozen=True)
class Cascade:
    """Steps, and the model for what they leave open.

    Attributes
    ----------
    steps : tuple of Step
        Cheapest first; each step's settings hold the groups of the one before. May be empty.
    last : TabularClassifier
        For all other pictures; its thresholds allow for what the steps may get wrong.
    last_name : str
        Name of its tier.
    """

    steps: tuple[Step, ...]
    last: TabularClassifier
    last_name: str = FULL

    @property
    def tiers(self) -> tuple[str, ...]:
        """Names of the steps, and of what comes last."""
        return (*(step.name for step in self.steps), self.last_name)

    @property
    def settings(self) -> tuple[Settings, ...]:
        """How the table of each tier is extracted."""
        return (*(step.settings for step in self.steps), settings_of(self.last))

    def label(self, tier: int, table: pa.Table, *, reasons: bool = False) -> pa.Table:
        """Return the labels of pictures that came to an end in a tier.

        Returns
        -------
        pyarrow.Table
            As of `classifiers.workflow.classify`, and ``tier``, the name of the tier.
        """
        settles = tier < len(self.steps)
        model = self.steps[tier].model if settles else self.last
        labels = classify(model, table, reasons=reasons and len(table) > 0)
        if reasons and not len(table):  # There is nothing to explain.
            labels = labels.append_column("reasons", pa.array([], pa.string()))
        if settles:
            answers = pa.array(self.steps[tier].settle(table).tolist(), pa.string())
            for column in ("label", "decision"):
                place = labels.schema.get_field_index(column)
                labels = labels.set_column(place, column, answers)
        names = pa.array([self.tiers[tier]] * len(labels), pa.string())
        return labels.append_column("tier", names)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the models and the thresholds.

        Raises
        ------
        OutputError
            The folder can't be written.
        """
        target = Path(folder)
        record = {
            "format": _FORMAT,
            "steps": [{"name": s.name, "settle_from": dict(s.settle_from)} for s in self.steps],
            "last": self.last_name,
        }
        for name, model in (*((s.name, s.model) for s in self.steps), (self.last_name, self.last)):
            model.save(target / name)
        try:
            (target / _FILE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise OutputError(f"can't write the cascade {target}: {error.strerror}") from error

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Cascade:
        """Read what `save` wrote.

        Raises
        ------
        ModelFileError
            A file is missing or damaged, or the steps know other classes than the last model.
        """
        source = Path(folder)
        try:
            record = json.loads((source / _FILE).read_text(encoding="utf-8"))
            if record["format"] != _FORMAT:
                raise ModelFileError(
                    f"{source} is not a cascade of format {_FORMAT}; update epic-features, or make "
                    "it again with `python -m training.cascade`"
                )
            steps = tuple(
                Step(
                    item["name"],
                    TabularClassifier.load(source / item["name"]),
                    dict(item["settle_from"]),
                )
                for item in record["steps"]
            )
            name = record["last"]
            last = TabularClassifier.load(source / name)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelFileError(f"can't read the cascade {source}: {error}") from error
        for step in steps:
            if list(step.model.classes_) != list(last.classes_):
                raise ModelFileError(
                    f"the step {step.name} of {source} knows the classes "
                    f"{', '.join(step.model.classes_)}, the last one {', '.join(last.classes_)}"
                )
        return cls(steps, last, name)


def load_cascade(name: str | os.PathLike[str]) -> Cascade:
    """Return the cascade in place of a model that comes with the library, or a model alone.

    Parameters
    ----------
    name : str or path
        As for `classifiers.pretrained.find_model`. A folder, and a model that no steps are
        shipped for, gives that model alone.

    Raises
    ------
    ModelFileError
        There is no such model, or it can't be read.
    """
    steps = Path(pretrained.__file__).parent / f"quick-{name}"
    known = isinstance(name, str) and name in pretrained.NAMES and (steps / _FILE).is_file()
    return Cascade.load(steps) if known else Cascade((), pretrained.find_model(name))


def settled(
    probabilities: NDArray[np.float64], classes: NDArray[Any], settle_from: Mapping[str, float]
) -> NDArray[np.object_]:
    """Return the likeliest class that reaches its threshold, "unsure" where none does.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, n_classes)
        Calibrated probabilities.
    classes : ndarray of str, shape (n_classes,)
        Their classes.
    settle_from : mapping of str to float
        Threshold of each class; a class without one is never the answer.
    """
    limits = np.array([settle_from.get(str(name), np.inf) for name in classes])
    reached = np.where(probabilities >= limits, probabilities, -1.0)
    answers = np.asarray(classes[reached.argmax(axis=1)], dtype=object)
    answers[reached.max(axis=1, initial=-1.0) < 0] = UNSURE
    return answers


def settling_thresholds(
    probabilities: NDArray[np.float64],
    classes: NDArray[Any],
    truth: NDArray[Any],
    pending: NDArray[np.bool_],
    protect: Sequence[str],
    rate: float,
) -> dict[str, float]:
    """Choose how sure a step must be of each class.

    A threshold is the lowest one, but at least one half, that lets through at most a share `rate`
    of the protected images of other classes and of the unprotected images of other classes.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, n_classes)
        From models that had not seen the source of the image.
    classes : ndarray of str, shape (n_classes,)
        Their classes.
    truth : ndarray of str, shape (n,)
        Class of each image.
    pending : ndarray of bool, shape (n,)
        Images that earlier steps left open; the shares are of all images.
    protect : sequence of str
        Protected classes.
    rate : float
        In [0, 1).
    """
    protected = np.isin(truth, protect)
    chosen = {}
    for index, name in enumerate(classes):
        limits = [0.5]
        for kind in (protected, ~protected):
            others = kind & (truth != name)
            allowed = int(rate * others.sum())
            scores = np.sort(probabilities[others & pending, index])[::-1]
            if len(scores) > allowed:
                limits.append(float(np.nextafter(scores[allowed], 2)))
        chosen[str(name)] = max(limits)
    return chosen
