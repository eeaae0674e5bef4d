"""Which pictures each shipped model learns from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.data import Data


@pytest.fixture
def data() -> Data:
    """Two real pictures of which all is known, one of which little is, and one drawn by us."""
    facts = pd.DataFrame(
        {
            "class": ["fmemes", "selfies", "animated", "fmemes"],
            "personal": ["irrelevant", "personal", None, "irrelevant"],
            "whatsapp": ["other", "other", "other", "brochures"],
            "drawn": [None, "real", "animated", None],
            "fold": [0, 1, 0, -1],
        }
    )
    table = pd.DataFrame({"relative_path": list("abcd"), "writing": [[1.0]] * 4})
    table.attrs["provenance"] = {"version": "1"}
    unseen = {k: np.full((4, 2), k, np.float32) + np.arange(4)[:, None] for k in (0, 1)}
    return Data(table, facts, unseen)


@pytest.mark.parametrize(
    ("target", "rows"),
    [("class", "abcd"), ("personal", "abd"), ("whatsapp", "abc"), ("drawn", "bc")],
)
def test_rows_of_a_target(data: Data, target: str, rows: str) -> None:
    table, facts = data.of(target)
    assert list(table["relative_path"]) == list(rows)
    assert facts[target].notna().all()
    assert len(facts) == len(rows)
    assert table.attrs == data.table.attrs
    assert ("writing" in table) is (target != "drawn")


@pytest.mark.parametrize("target", ["class", "personal", "whatsapp", "drawn"])
def test_the_tables_of_the_folds_have_the_same_rows(data: Data, target: str) -> None:
    table, _ = data.of(target)
    tables = data.fold_tables(target)
    assert sorted(tables) == [0, 1]
    numbers = ["abcd".index(name) for name in table["relative_path"]]
    for fold, other in tables.items():
        assert list(other["relative_path"]) == list(table["relative_path"])
        assert [row[0] for row in other["embedding"]] == [fold + n for n in numbers]
