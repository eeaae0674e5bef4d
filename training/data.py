"""The pictures that the shipped models learn from: real ones, and some drawn on the spot."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from classifiers.workflow import extract_features
from epic_features import Settings, models
from epic_features.extras.embedding import DEFAULT, Embedder
from epic_features.frame import to_pandas
from examples.gallery import draw_gallery

logger = logging.getLogger(__name__)

SETTINGS = Settings(groups=("core", "cartoon", "quality", "layout", "texture", "writing"))
"""Without ``exif`` and ``bytes``: the data were all re-encoded in one way, which erased them.
The embedding, which takes little time, is added to what is kept of these."""

EVERY = "all"
"""Name of the embeddings by the network of all pictures in `held_out_file`."""

N_DRAWN, DRAWN_SEED, DRAWN_WEIGHT = 600, 7, 0.3

# No public picture of the Egyptian classes was found. The drawn ones teach the class of the same
# kind, whose real pictures are in other languages.
_LIKE = {"ememes": "fmemes", "eSocialMedia": "fSocialMedia"}
_WHATSAPP = {
    "academicPhotos": "handwritten-notes",
    "academicDigital": "printed-notes",
    "fTxtMssgs": "screenshots",
    "fSocialMedia": "screenshots",
    "eGreetingAndMisc": "brochures",
    "fmemes": "other",
}


@dataclass(frozen=True)
class Data:
    """A feature table with what is known about each image.

    Attributes
    ----------
    table : pandas.DataFrame
        Feature rows; the real pictures first, then the drawn ones. The embeddings are of the
        network that is shipped, which has seen the pictures.
    facts : pandas.DataFrame
        For each row ``class``, ``personal``, ``whatsapp``, ``drawn`` (missing where unknown),
        ``fold`` (-1 for drawn pictures), ``source_repo`` and ``weight``.
    unseen : mapping of int to ndarray of float32, shape (n_rows, length)
        For each fold the embeddings by the network that was trained without it.
    """

    table: pd.DataFrame
    facts: pd.DataFrame
    unseen: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)

    def of(self, target: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the rows whose `target` is known, and that help.

        Without ``writing`` for drawn or real: three of four of these pictures have no text. Without
        drawn pictures for WhatsApp: with them real pictures are sorted a little worse, and real
        Arabic ones clearly so (docs/embeddings.md).
        """
        known = self._known(target)
        table = self.table[known].reset_index(drop=True)
        if target == "drawn":
            table = table.drop(columns="writing", errors="ignore")
        table.attrs = self.table.attrs
        return table, self.facts[known].reset_index(drop=True)

    def paths(self, folder: Path, cache: Path) -> list[Path]:
        """Return the file of each row; arguments are those of `load_features`."""
        homes = np.where(self.facts["fold"] >= 0, str(folder), str(drawn_pictures(cache)))
        return [Path(h, p) for h, p in zip(homes, self.table["relative_path"], strict=True)]

    def fold_tables(self, target: str) -> dict[int, pd.DataFrame]:
        """Return the table of `of` as networks see it that were trained without a fold."""
        known = self._known(target)
        table, _ = self.of(target)
        return {k: table.assign(embedding=list(v[known])) for k, v in self.unseen.items()}

    def _known(self, target: str) -> NDArray[np.bool_]:
        known = self.facts[target].notna().to_numpy()
        if target == "whatsapp":
            known = known & (self.facts["fold"] >= 0).to_numpy()
        return np.asarray(known)


def load_data(folder: Path, cache: Path, *, drawn: bool = True) -> Data:
    """Return the training data of `load_features` with embeddings."""
    data, embedder = load_features(folder, cache, drawn=drawn), Embedder()
    kept = held_out_file(cache, embedder)
    if not kept.exists():
        raise SystemExit(
            f"{kept} is missing: the shipped network has seen these pictures. Make it with "
            f"`python -m training.distillation DATA TEACHER --cache {cache}`"
        )
    count = len(data.table)
    with np.load(kept) as found:
        unseen = {int(name): found[name][:count] for name in found.files if name != EVERY}
        seen = found[EVERY][:count]
    return Data(_with_embeddings(data.table, seen, embedder), data.facts, unseen)


def load_features(folder: Path, cache: Path, *, drawn: bool = True) -> Data:
    """Return the training data without embeddings; features are extracted once.

    Parameters
    ----------
    folder : Path
        Pictures in folders by class, and their ``manifest.csv``.
    cache : Path
        Folder in which the features are kept.
    drawn : bool
        Whether to add drawn pictures.
    """
    cache.mkdir(parents=True, exist_ok=True)
    real, rejected = extract_features(str(folder), cache / "real", SETTINGS)
    logger.info("%d real pictures, %d rejected", len(real), rejected)
    real = real.sort_by("relative_path")
    manifest = pd.read_csv(folder / "manifest.csv").set_index("file")
    facts = manifest.reindex(real["relative_path"].to_pylist())
    if facts["class"].isna().any():
        raise SystemExit(f"{folder}/manifest.csv does not name every picture")
    facts = facts[["class", "personal", "whatsapp", "drawn", "fold", "source_repo"]]
    facts = facts.assign(weight=1.0).reset_index(drop=True)
    if not drawn:
        return Data(_frame([real]), facts)
    made = _drawn(cache)
    return Data(_frame([real, made]), pd.concat([facts, _drawn_facts(made)], ignore_index=True))


def held_out_file(cache: Path, embedder: Embedder) -> Path:
    """Return where embeddings by a network and by those without a fold are kept."""
    return cache / "embedder" / f"held_out-{models.sha256(embedder.path)[:12]}.npz"


def drawn_pictures(cache: Path) -> Path:
    """Return the folder of the drawn pictures; they are drawn once."""
    pictures = cache / "drawn-pictures"
    if not pictures.exists():
        draw_gallery(pictures, count=N_DRAWN, seed=DRAWN_SEED)
    return pictures


def _drawn(cache: Path) -> pa.Table:
    table, _ = extract_features(str(drawn_pictures(cache)), cache / "drawn", SETTINGS)
    # Photographs of the drawn gallery come from a few library samples: nothing to learn from.
    useful = [name in {*_WHATSAPP, *_LIKE} for name in _classes(table)]
    return table.filter(pa.array(useful)).sort_by("relative_path")


def _drawn_facts(table: pa.Table) -> pd.DataFrame:
    classes = np.array([_LIKE.get(name, name) for name in _classes(table)], dtype=object)
    return pd.DataFrame(
        {
            "class": classes,
            "personal": "irrelevant",
            "whatsapp": [_WHATSAPP[name] for name in classes],
            "drawn": None,
            "fold": -1,
            "source_repo": "drawn",
            "weight": DRAWN_WEIGHT,
        }
    )


def _with_embeddings(
    frame: pd.DataFrame, found: NDArray[np.float32], embedder: Embedder
) -> pd.DataFrame:
    """Add the column, and say so, as `epic_features.extract` would."""
    frame["embedding"] = list(found)
    made = frame.attrs["provenance"]
    settings = replace(Settings.from_record(made["settings"]), embedding=DEFAULT)
    backends = [*made["backends"], *(asdict(backend) for backend in embedder.backends)]
    frame.attrs["provenance"] = {**made, "settings": settings.to_dict(), "backends": backends}
    return frame


def _classes(table: pa.Table) -> NDArray[Any]:
    return np.array(table["class"].cast(pa.string()).to_pylist(), dtype=object)


def _frame(tables: list[pa.Table]) -> pd.DataFrame:
    whole = pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()
    return to_pandas(whole.replace_schema_metadata(tables[0].schema.metadata))
