"""A small phone gallery, drawn on the spot, about which everything is known.

``python -m examples.gallery OUT_DIR`` draws two dozen pictures into a folder for each class, and
`truth.json` beside them: sizes, faces, lines of text with their boxes, maths symbols, flat colours.
Nothing is downloaded; photographs come from the wheels of scikit-image, scikit-learn and matplotlib
when those are installed.
"""

from __future__ import annotations

import warnings
from pathlib import Path

from examples.gallery.album import RECIPES, make
from examples.gallery.dice import Dice
from examples.gallery.kit import Kit
from examples.gallery.truth import Drawing, Line, write_truth

__all__ = ["Drawing", "Kit", "Line", "draw_gallery"]


def draw_gallery(
    out: Path, *, count: int = 24, seed: int = 0, kit: Kit | None = None
) -> list[Drawing]:
    """Draw a gallery with its truth.

    The same seed gives the same bytes on machines with the same fonts, photographs and Pillow, and
    a larger `count` only adds pictures. Kinds of pictures that this machine can't draw are left out
    with a warning that says what to install; the others take their places.

    Parameters
    ----------
    out : Path
        Folder to draw into; made if need be.
    count : int
        How many pictures.
    seed : int
        Another seed gives other texts, colours and names.
    kit : Kit, optional
        Fonts and photographs; those of this machine by default.

    Returns
    -------
    list of Drawing
        What ``truth.json`` in `out` says too.

    Raises
    ------
    ValueError
        When `count` is less than 1.
    FileExistsError
        When `out` is not empty.
    RuntimeError
        When there are no fonts at all.
    """
    if count < 1:
        raise ValueError(f"count is {count}; it must be at least 1")
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty: choose another folder, or empty this one")
    kit = kit or Kit.find()
    for note in kit.notes:
        warnings.warn(note, stacklevel=2)
    possible = [recipe for recipe in RECIPES if recipe.is_possible(kit)]
    dice = Dice(seed)
    drawings = [make(possible[i % len(possible)], i + 1, kit, dice, out) for i in range(count)]
    write_truth(drawings, out / "truth.json")
    return drawings
