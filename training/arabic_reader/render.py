"""Rendered lines, in shards that depend on nothing but the seed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.text.arabic_line import prepare
from training.arabic_reader.draw import Drawing, draw, draw_foreign, with_icon
from training.arabic_reader.fonts import Face, faces, foreign_faces, icons
from training.arabic_reader.scene import compose
from training.arabic_reader.shapes import reshaped
from training.arabic_reader.text import (
    FOREIGN,
    Corpus,
    banned_lines,
    foreign_words,
    spaced,
    stretched,
)

SHARD = 2048
"""Lines in a shard."""
# Classes whose pictures hold little text: they go under the letters.
_PHOTO_CLASSES = ("personalPhotos", "selfies", "animated")
_PHOTO_SIDE, _MOST_PHOTOS = 480, 300
_MOST_WIDTH = 1400
# A shard makes do with a few faces and sizes: opening a font takes longer than drawing a line.
_FACES, _SIZES = 64, 12
_LEAST_SIZE, _MOST_SIZE = 9, 52
# Lines that must not be read: other scripts, and boxes without any text.
_FOREIGN_SHARE, _EMPTY_SHARE = 0.05, 0.02
_ICON_SHARE = 0.14
_RESHAPED_SHARE = 0.15
# Numbers are often drawn with gaps between the digits, which letters that join can't have.
_TRACKED_SHARE, _WIDEST_GAP = 0.3, 0.7
# Verses stand in brackets of their own, which are not among the symbols; fonts for books have them,
# others draw plain ones.
_ORNATE, _ORNATE_SHARE = "\ufd3f\ufd3e", 0.25
_BOOK_FONTS = re.compile("naskh|amiri|scheherazade|lateef|harmattan|uthman", re.IGNORECASE)
_SHORT_VOWEL = re.compile("[\u064b-\u0652]")


class Line(NamedTuple):
    """A rendered line: grey pixels of height 40, its symbols from left to right, style, font."""

    pixels: NDArray[np.uint8]
    symbols: str
    style: str
    font: str


class Renderer:
    """Draws lines.

    Parameters
    ----------
    shared : Path
        Folder with texts, test sets to keep away from, and photos.
    fonts : Path
        Folder of `fonts.fetch`.
    held_out : bool
        Draw with the fonts kept out of training instead of the others.
    """

    def __init__(self, shared: Path, fonts: Path, held_out: bool = False) -> None:
        self._corpus = Corpus(shared, banned_lines(shared))
        self._faces = [face for face in faces(fonts) if face.held_out is held_out]
        weights = np.array([face.weight for face in self._faces])
        self._chances = weights / weights.sum()
        self._photos = _photos(shared / "data")
        self._foreign = foreign_words()
        self._icons = icons(fonts)
        self._ornate = [
            face.path
            for face in self._faces
            if _BOOK_FONTS.search(face.path.name) and {*map(ord, _ORNATE)} <= face.symbols
        ]

    def lines(self, seed: int, count: int = SHARD) -> list[Line]:
        """Return `count` lines, the same for the same seed."""
        rng = np.random.default_rng(seed)
        few = rng.choice(len(self._faces), _FACES, p=self._chances)
        sizes = np.exp(rng.uniform(np.log(_LEAST_SIZE), np.log(_MOST_SIZE), _SIZES)).round()
        found: list[Line] = []
        while len(found) < count:
            face = self._faces[few[rng.integers(_FACES)]]
            line = self._line(rng, face, int(sizes[rng.integers(_SIZES)]))
            if line is not None:
                found.append(line)
        return found

    def _line(self, rng: np.random.Generator, face: Face, size: int) -> Line | None:
        kind = rng.random()
        if kind < _FOREIGN_SHARE:
            drawing = self._draw_foreign(rng, size)
        elif kind < _FOREIGN_SHARE + _EMPTY_SHARE:
            drawing = Drawing(np.zeros((size, int(rng.integers(size, 9 * size))), np.uint8), "")
        else:
            drawing = self._draw(rng, face, size)
        if drawing is None:
            return None
        if rng.random() < _RESHAPED_SHARE:
            drawing = drawing._replace(mask=reshaped(rng, drawing.mask, size))
        if self._ornate and _SHORT_VOWEL.search(drawing.symbols) and rng.random() < _ORNATE_SHARE:
            path = self._ornate[rng.integers(len(self._ornate))]
            gap = round(size * rng.uniform(0.1, 0.5))
            for bracket in _ORNATE:
                drawing = with_icon(drawing, (path, bracket), size, gap, bracket == _ORNATE[0])
        if rng.random() < _ICON_SHARE:
            drawing = self._with_icons(rng, drawing, size)
        neighbour = None
        if rng.random() < 0.3:
            other = draw(self._corpus.line(rng), face, size)
            neighbour = other.mask if other else None
        picture, style = compose(rng, drawing.mask, size, self._photos, neighbour)
        if min(picture.shape) < 4:
            return None
        pixels = prepare(picture)
        if pixels.shape[1] > _MOST_WIDTH:
            return None
        return Line(pixels, drawing.symbols, style, face.path.name)

    def _draw(self, rng: np.random.Generator, face: Face, size: int) -> Drawing | None:
        text = self._corpus.line(rng)
        shown, looks = None, rng.random()
        if looks < 0.06:
            shown = stretched(rng, text)
        elif looks < 0.14:
            shown = spaced(rng, text)
        if text.isdecimal() and rng.random() < _TRACKED_SHARE:
            return draw(text, face, size, gap=size * rng.uniform(0, _WIDEST_GAP))
        return draw(text, face, size, shown)

    def _with_icons(self, rng: np.random.Generator, drawing: Drawing, size: int) -> Drawing:
        for _ in range(1 + (rng.random() < 0.25)):
            icon = self._icons[rng.integers(len(self._icons))]
            large = max(8, round(size * rng.uniform(0.6, 1.4)))
            gap = round(size * rng.uniform(0.1, 1.2))
            drawing = with_icon(drawing, icon, large, gap, bool(rng.random() < 0.5))
        return drawing

    def _draw_foreign(self, rng: np.random.Generator, size: int) -> Drawing | None:
        language = FOREIGN[rng.integers(len(FOREIGN))]
        paths, names = foreign_faces(language), self._foreign[language]
        if not paths or not names:
            return None
        text = " ".join(names[rng.integers(len(names))] for _ in range(1 + rng.integers(3)))
        return draw_foreign(text, paths[rng.integers(len(paths))], size)


def save(lines: list[Line], path: Path) -> None:
    """Write lines to an npz file, complete or not at all."""
    partly = path.with_suffix(".partial")
    with partly.open("wb") as file:
        np.savez(
            file,
            pixels=np.concatenate([line.pixels for line in lines], axis=1),
            widths=np.array([line.pixels.shape[1] for line in lines]),
            symbols=np.array([line.symbols for line in lines]),
            styles=np.array([line.style for line in lines]),
            fonts=np.array([line.font for line in lines]),
        )
    partly.replace(path)


def load(path: Path) -> list[Line]:
    """Read the lines that `save` wrote."""
    with np.load(path) as data:
        ends = np.cumsum(data["widths"])[:-1]
        pixels = np.split(data["pixels"], ends, axis=1)
        rows = zip(pixels, data["symbols"], data["styles"], data["fonts"], strict=True)
        return [Line(part, str(s), str(style), str(font)) for part, s, style, font in rows]


def write_shards(
    folder: Path, seeds: Iterable[int], shared: Path, fonts: Path, processes: int
) -> Iterator[Path]:
    """Render shards into `folder`, in the order of their seeds; those that are there are kept.

    `seeds` is drawn from only as far as there are processes at leisure, so it may wait.
    """
    folder.mkdir(parents=True, exist_ok=True)
    make = partial(_write_one, folder=folder, shared=shared, fonts=fonts)
    running: deque[Future[Path]] = deque()
    with ProcessPoolExecutor(processes) as pool:
        for seed in seeds:
            running.append(pool.submit(make, seed))
            if len(running) > processes:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


_RENDERERS: dict[tuple[Path, Path], Renderer] = {}


def _write_one(seed: int, folder: Path, shared: Path, fonts: Path) -> Path:
    path = folder / f"{seed:06}.npz"
    if not path.exists():
        cv2.setNumThreads(1)
        renderer = _RENDERERS.get((shared, fonts))
        if renderer is None:
            renderer = _RENDERERS[shared, fonts] = Renderer(shared, fonts)
        save(renderer.lines(seed), path)
    return path


def _photos(data: Path) -> list[NDArray[np.uint8]]:
    photos = []
    for name in _PHOTO_CLASSES:
        for path in sorted((data / name).glob("*.jpg"))[: _MOST_PHOTOS // len(_PHOTO_CLASSES)]:
            grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            if grey is not None:
                scale = _PHOTO_SIDE / max(grey.shape)
                photos.append(np.asarray(cv2.resize(grey, None, fx=scale, fy=scale), np.uint8))
    return photos
