"""Where the time of a row goes, by kind of picture."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2

from benchmarks import machine
from benchmarks.sampling import Times, clock, load_words, sample
from epic_features import Extractor, Settings
from epic_features.image import decode

_SETTINGS = Settings(groups=("core", "cartoon", "quality", "texture"))
_PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "speed.png"
_MODELS = ("text detector", "text recogniser", "Arabic recogniser", "face detector")
# The one column is what is counted inside the other.
_PARTS = ("decode", *_MODELS, "text", "colors", "texture", "cartoon", "quality", "faces")


@contextmanager
def models_clocked(totals: dict[str, float]) -> Iterator[None]:
    """Add up the CPU seconds spent inside each network, and inside Tesseract."""
    from onnxruntime import InferenceSession

    from epic_features.text import tesseract

    def timed(function: Callable[..., Any], name_of: Callable[..., str]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return function(*args, **options)
            finally:
                totals[name_of(*args)] += time.process_time() - start

        return run

    session_run, read_line = InferenceSession.run, tesseract.ArabicLines.__call__
    InferenceSession.run = timed(session_run, lambda session, *_: _network(session))
    tesseract.ArabicLines.__call__ = timed(  # type: ignore[method-assign]
        read_line, lambda *_: "Arabic recogniser"
    )
    try:
        yield
    finally:
        InferenceSession.run = session_run
        tesseract.ArabicLines.__call__ = read_line  # type: ignore[method-assign]


def _network(session: Any) -> str:
    """Tell the networks by what they take and give."""
    if len(session.get_outputs()) > 2:
        return "face detector"
    if len(session.get_outputs()[0].shape) == 4:
        return "text detector"
    return "text recogniser" if session.get_inputs()[0].shape[2] == 48 else "Arabic recogniser"


def measure(paths: list[Path]) -> dict[str, Times]:
    """Return for every class the CPU seconds of each part for each picture."""
    found: dict[str, Times] = defaultdict(lambda: defaultdict(list))
    inside: dict[str, float] = defaultdict(float)
    cv2.setNumThreads(1)
    load_words()
    with models_clocked(inside):
        extractor = Extractor(_SETTINGS)
        for path in (paths[0], paths[-1]):
            extractor.row(path)
        for path in paths:
            times = found[path.parent.name]
            data = path.read_bytes()
            with clock(times, "decode"):
                image = decode(data, extractor.settings)
            inside.clear()
            for stage in extractor.stages:
                before = sum(inside.values())
                with clock(times, stage.group):
                    stage(image)
                times[stage.group][-1] -= sum(inside.values()) - before
            for name in _MODELS:
                times[name].append(inside[name])
    return found


def report(shared: Path, per_class: int) -> str:
    """Measure and return the section as Markdown; the picture is written too."""
    paths = sample(shared, per_class)
    found = measure(paths)
    means = {
        kind: {part: 1000 * statistics.fmean(times[part]) for part in _PARTS}
        for kind, times in sorted(found.items())
    }
    means["all"] = {part: statistics.fmean(m[part] for m in means.values()) for part in _PARTS}
    _draw(means)
    rows = [
        (kind, f"{sum(parts.values()):.0f}", *(f"{parts[part]:.1f}" for part in _PARTS))
        for kind, parts in means.items()
    ]
    core = [part for part in _PARTS if part not in ("texture", "cartoon", "quality")]
    outside = sum(means["all"][part] for part in core if part not in (*_MODELS, "decode"))
    whole = sum(means["all"][part] for part in core)
    return "\n\n".join(
        [
            "## Where the time goes",
            f"{len(paths)} images, {per_class} of each class; mean CPU milliseconds an image. What "
            "happens inside a network stands in its own column and not in that of its group.",
            machine.table(("class", "sum", *_PARTS), rows),
            f"Of a full row {outside / whole:.1%} are neither decoding nor inside a network.",
        ]
    )


def _draw(means: dict[str, dict[str, float]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    left = dict.fromkeys(means, 0.0)
    for number, part in enumerate(_PARTS):
        values = [parts[part] for parts in means.values()]
        axes.barh(
            list(means),
            values,
            left=list(left.values()),
            label=part,
            color=f"C{number}",
            hatch="//" if number > 9 else None,
        )
        left = {kind: left[kind] + value for kind, value in zip(left, values, strict=True)}
    axes.invert_yaxis()
    axes.set_xlabel("CPU milliseconds an image, one thread")
    axes.legend(ncols=2, fontsize=8)
    figure.savefig(_PICTURE, dpi=110)
