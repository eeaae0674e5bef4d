"""The named variants of the seed's networks, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from epic_features.errors import SettingsError

if TYPE_CHECKING:
    from classifiers.boosted import XCNN
    from classifiers.cnn import VCNN

_FILE = Path(__file__).with_name("variants.toml")


@dataclass(frozen=True)
class Variant:
    """One line of the table of experiments.

    Attributes
    ----------
    name : str
        As in the seed.
    model : str
        ``VCNN``, ``MCNN``, ``HCNN`` or ``XCNN``.
    says : str
        What it is, for people.
    parameters : mapping
        Parameters of the model.
    network : str
        Name of the variant that is the network inside an ``XCNN``; empty for the others.
    cleaned : bool
        Whether it is trained on data that were cleaned.
    """

    name: str
    model: str
    says: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    network: str = ""
    cleaned: bool = False

    def build(self, *, checkpoints: Path, fold: int, **common: Any) -> VCNN | XCNN:
        """Return the model, not fitted.

        Parameters
        ----------
        checkpoints : Path
            Folder of the checkpoints of all variants.
        fold : int
            The fold that is held out.
        **common
            Parameters of every network, such as ``epochs``.
        """
        from classifiers.boosted import XCNN
        from classifiers.cnn import HCNN, MCNN, VCNN

        folder = checkpoints / f"{self.network or self.name}-{fold}"
        if self.model != "XCNN":
            kind = {"VCNN": VCNN, "MCNN": MCNN, "HCNN": HCNN}[self.model]
            return kind(checkpoint=folder / "all.pt", **{**common, **self.parameters})
        (inside,) = variants([self.network])
        return XCNN(
            VCNN(**{**common, **inside.parameters}),
            checkpoint=folder,
            random_state=common.get("random_state", 0),
            **self.parameters,
        )


def variants(names: Sequence[str] = ()) -> list[Variant]:
    """Return variants by their names, or all of them.

    Raises
    ------
    SettingsError
        There is none of that name; the message lists those there are.
    """
    listed = tomllib.loads(_FILE.read_text(encoding="utf-8"))["variant"]
    known = {record["name"]: Variant(**record) for record in listed}
    if unknown := [name for name in names if name not in known]:
        raise SettingsError(f"no variant is called {unknown[0]!r}; there are: {', '.join(known)}")
    return [known[name] for name in names or known]
