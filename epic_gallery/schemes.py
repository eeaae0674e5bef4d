"""Who decides where a picture goes, and what keeps it where it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from epic_features import Settings
from epic_features.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from classifiers.guarantee import Guarantee
    from classifiers.tabular import TabularClassifier
    from epic_gallery.cascade import Cascade

SCHEMES = {"whatsapp": "whatsapp", "personal": "personal", "classes": "gallery"}
"""The models that come with the library, by scheme."""

STAYING = frozenset({"other", "personal"})
"""Classes that are never a folder, besides those that a model protects."""


@dataclass(frozen=True)
class Scheme:
    """The models behind a way of sorting.

    Attributes
    ----------
    model : TabularClassifier
        Its classes are the folders.
    guard : TabularClassifier
        A picture that it does not hide under its guarantee stays. The same as `model` for the
        scheme ``personal``.
    cascade : Cascade or None
        Cheaper models in place of `model`, when it is the guard itself and there are any.
    """

    model: TabularClassifier
    guard: TabularClassifier
    cascade: Cascade | None = None

    @property
    def folders(self) -> tuple[str, ...]:
        """Classes that pictures are moved for: the names of the folders."""
        staying = STAYING | set(self.model.protect)
        return tuple(str(name) for name in self.model.classes_ if name not in staying)

    @property
    def guarantee(self) -> Guarantee | None:
        """What is promised about personal photos."""
        return (self.cascade.last if self.cascade else self.guard).guarantee_

    @property
    def settings(self) -> Settings:
        """With which a table for both models is extracted.

        Raises
        ------
        SettingsError
            The models were trained on tables that differ in more than their columns.
        """
        from dataclasses import replace

        from classifiers.workflow import settings_of

        first, second = settings_of(self.model), settings_of(self.guard)
        groups, network = (*first.groups, *second.groups), first.embedding or second.embedding
        both = replace(first, groups=groups, embedding=network)
        if replace(second, groups=groups, embedding=second.embedding or network) != both:
            raise SettingsError(
                "the model and the one that knows personal photos were trained on features "
                "extracted in different ways; choose models that were trained alike"
            )
        return both

    def decide(self, table: pa.Table) -> pd.DataFrame:
        """Tell of each picture where it goes, how sure that is, and why.

        Parameters
        ----------
        table : pyarrow.Table
            Feature rows, extracted with `settings`.

        Returns
        -------
        DataFrame
            One row per picture: ``path`` (its `relative_path`), ``label`` and ``confidence`` (the
            likeliest class and its probability), ``decision`` (the class, or "unsure"),
            ``personal`` (probability that it is a personal photo), ``folder`` (where it goes; null
            when it stays) and ``reason``.
        """
        from classifiers.workflow import classify

        found = classify(self.model, table, reasons=True)
        guarded = found if self.guard is self.model else classify(self.guard, table)
        return self.judge(found, guarded)

    def judge(self, labels: pa.Table, guards: pa.Table) -> pd.DataFrame:
        """Tell the same from labels.

        Parameters
        ----------
        labels, guards : pyarrow.Table
            What `model`, with reasons, and `guard` say; see `classifiers.workflow.classify`.
        """
        import pandas as pd

        found, guarded = labels.to_pandas(), guards.to_pandas()
        kept = (*self.guard.protect, "unsure")
        hidden = ~guarded["decision"].isin(kept)
        personal = guarded[[f"p_{name}" for name in self.guard.protect]].sum(axis=1)
        # Where the classes overlap much, a picture may be hidden though it most likely stays.
        likeliest = found["decision"] == found["label"]
        goes = hidden & likeliest & found["decision"].isin(self.folders)
        result = pd.DataFrame(
            {
                "path": found["relative_path"],
                "label": found["label"],
                "confidence": found["confidence"],
                "decision": found["decision"],
                "personal": personal.astype("float32"),
                "folder": found["decision"].where(goes, None),
            }
        )
        result["reason"] = [
            _reason(label, sentence, sure=is_sure, hidden=is_hidden)
            for label, sentence, is_sure, is_hidden in zip(
                found["label"], found["reasons"], likeliest, hidden, strict=True
            )
        ]
        return result


def find_scheme(
    name: str,
    model: str | os.PathLike[str] | None = None,
    guard: str | os.PathLike[str] = "personal",
) -> Scheme:
    """Return a way of sorting.

    Parameters
    ----------
    name : str
        ``"whatsapp"``: notes, screenshots and brochures; ``"personal"``: what is irrelevant;
        ``"classes"``: the classes of the model ``gallery``.
    model : path or str, optional
        Another model, by name or folder, instead of the one of the scheme.
    guard : path or str
        The model that knows personal photos.

    Raises
    ------
    SettingsError
        The scheme is not known, or the model that guards promises nothing.
    ModelFileError
        A model can't be read.
    """
    from classifiers.pretrained import find_model
    from epic_gallery.cascade import load_cascade

    if name not in SCHEMES:
        raise SettingsError(f"scheme={name!r} is not known; choose from: {', '.join(SCHEMES)}")
    chosen = find_model(model if model is not None else SCHEMES[name])
    guarding = chosen if name == "personal" else find_model(guard)
    if guarding.guarantee_ is None:
        which = model or SCHEMES[name] if name == "personal" else guard
        raise SettingsError(
            f"the model {which} protects no class, so nothing may be moved on its word; train it "
            "with --protect, or choose another"
        )
    cascade = load_cascade(model or SCHEMES[name]) if name == "personal" else None
    return Scheme(chosen, guarding, cascade if cascade and cascade.steps else None)


def _reason(label: str, sentence: str, *, sure: bool, hidden: bool) -> str:
    if not sure:
        return f"not sure enough; most like {label}: {sentence}"
    if not hidden:
        return f"may be a personal photo; else {label}: {sentence}"
    return sentence
