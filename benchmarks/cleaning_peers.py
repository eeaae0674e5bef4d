"""CleanVision and imagededup on a folder, in an environment of their own; results as JSON.

Run by `benchmarks.cleaning` as ``python cleaning_peers.py FOLDER OUT``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any


def pairs_of(groups: Iterable[Iterable[str]], folder: Path) -> list[list[str]]:
    """Return the pairs of relative paths in groups of absolute ones."""
    found = set()
    for group in groups:
        names = sorted(Path(path).resolve().relative_to(folder).as_posix() for path in group)
        found.update(combinations(names, 2))
    return [list(pair) for pair in sorted(found)]


def cleanvision(folder: Path) -> dict[str, Any]:
    from cleanvision import Imagelab

    lab = Imagelab(data_path=str(folder))
    lab.find_issues({"exact_duplicates": {}, "near_duplicates": {}, "low_information": {}})
    groups = [*lab.info["exact_duplicates"]["sets"], *lab.info["near_duplicates"]["sets"]]
    plain = lab.issues.index[lab.issues["is_low_information_issue"]]
    return {
        "pairs": pairs_of(groups, folder),
        "placeholders": [Path(path).relative_to(folder).as_posix() for path in plain],
    }


def imagededup(method: str) -> Callable[[Path], dict[str, Any]]:
    def run(folder: Path) -> dict[str, Any]:
        from imagededup import methods

        hasher = getattr(methods, method)(verbose=False)
        found = hasher.find_duplicates(image_dir=str(folder), recursive=True)
        groups = ([folder / one, folder / other] for one in found for other in found[one])
        return {"pairs": pairs_of(groups, folder)}

    return run


def main() -> None:
    folder, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    peers = {
        f"CleanVision {version('cleanvision')}": cleanvision,
        f"imagededup {version('imagededup')} PHash": imagededup("PHash"),
        f"imagededup {version('imagededup')} DHash": imagededup("DHash"),
    }
    results: dict[str, dict[str, Any]] = {}
    for name, run in peers.items():
        begun = time.monotonic()
        try:
            results[name] = run(folder)
        except Exception as error:  # That a peer gives up on a bad file is one of the results.
            results[name] = {"error": type(error).__name__}
        results[name]["seconds"] = time.monotonic() - begun
    out.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
