"""Prepare data sets: find what should not be in them, rank, review, and put everything back.

Finders return tables and change nothing; what is moved is moved by a plan, with a journal. The
parts are loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from epic_features.cleaning.clusters import Clusters, contact_sheet, find_clusters
    from epic_features.cleaning.corrupt import find_corrupt
    from epic_features.cleaning.duplicates import find_duplicates
    from epic_features.cleaning.label_errors import label_doubt
    from epic_features.cleaning.mover import MoveReport
    from epic_features.cleaning.moves import apply, restore, resume, status, undo
    from epic_features.cleaning.placeholders import find_placeholders
    from epic_features.cleaning.plan import (
        Action,
        Plan,
        make_plan,
        plan_from_findings,
        read_plan,
        write_plan,
    )
    from epic_features.cleaning.rank import rank_images, ranking
    from epic_features.cleaning.report import DatasetReport, examine, write_report
    from epic_features.cleaning.review import write_review

__all__ = [
    "Action",
    "Clusters",
    "DatasetReport",
    "MoveReport",
    "Plan",
    "apply",
    "contact_sheet",
    "examine",
    "find_clusters",
    "find_corrupt",
    "find_duplicates",
    "find_placeholders",
    "label_doubt",
    "make_plan",
    "plan_from_findings",
    "rank_images",
    "ranking",
    "read_plan",
    "restore",
    "resume",
    "status",
    "undo",
    "write_plan",
    "write_report",
    "write_review",
]

_HOMES = {
    "Action": "plan",
    "Clusters": "clusters",
    "DatasetReport": "report",
    "MoveReport": "mover",
    "Plan": "plan",
    "apply": "moves",
    "contact_sheet": "clusters",
    "examine": "report",
    "find_clusters": "clusters",
    "find_corrupt": "corrupt",
    "find_duplicates": "duplicates",
    "find_placeholders": "placeholders",
    "label_doubt": "label_errors",
    "make_plan": "plan",
    "plan_from_findings": "plan",
    "rank_images": "rank",
    "ranking": "rank",
    "read_plan": "plan",
    "restore": "moves",
    "resume": "moves",
    "status": "moves",
    "undo": "moves",
    "write_plan": "plan",
    "write_report": "report",
    "write_review": "review",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
