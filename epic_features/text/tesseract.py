"""Arabic lines read by Tesseract.

Tesseract misses most of a page of a phone, but reads a single cropped line well when the line is
prepared in more than one way and the most confident reading is kept: outlined captions lose .10 of
their characters instead of .77 (grey only), real screenshots .02 instead of .05.
"""

from __future__ import annotations

import os
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epic_features import models
from epic_features.errors import MissingExtra, ModelNotFound
from epic_features.stage import Backend
from epic_features.text.crops import enclosed_line, grey_line, ink_line
from epic_features.text.script import Script, clean, script_of

_FILE = "ara.traineddata"
_SYSTEM_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)
# Heights in pixels, chosen on 203 Arabic lines of memes, chats, posts and screenshots. The first
# two read plain text with a mean confidence of .9. The others cost as much again and are only tried
# on the rest: `enclosed_line` reads outlined letters, the large ones letters that fill their box.
_FIRST = ((ink_line, 24), (grey_line, 26))
_FURTHER = ((enclosed_line, 28), (grey_line, 42), (ink_line, 42))
_SURE = 0.85
# Tesseract wants a resolution and would otherwise guess one for each line.
_DOTS_PER_INCH = 70


def find_tessdata(cache: Path | None = None) -> Path:
    """Return the path of Tesseract's Arabic data on this machine.

    Looked for in ``$TESSDATA_PREFIX``, where the system's packages put it, and among the files of
    ``epic models get``, in this order.

    Parameters
    ----------
    cache : Path, optional
        Folder of downloaded model files; the user's cache folder by default.

    Raises
    ------
    ModelNotFound
        When it is in none of these places.
    """
    prefix = os.environ.get("TESSDATA_PREFIX")
    if prefix and (Path(prefix) / _FILE).is_file():
        return Path(prefix) / _FILE
    for pattern in _SYSTEM_FOLDERS:
        # The highest version last: Debian names the folder after it.
        found = sorted(Path("/").glob(f"{pattern[1:]}/{_FILE}"))
        if found:
            return found[-1]
    try:
        return models.find("tessdata-ara", cache=cache)
    except ModelNotFound as error:
        raise ModelNotFound(
            f"{error}; on Debian and Ubuntu also: apt install tesseract-ocr-ara"
        ) from None


class ArabicLines:
    """Reads cropped lines of Arabic. Safe to call from several threads.

    Parameters
    ----------
    tessdata : Path
        The file ``ara.traineddata``.

    Raises
    ------
    MissingExtra
        When tesserocr can't be imported.
    ModelNotFound
        When Tesseract can't use the file.
    """

    def __init__(self, tessdata: Path) -> None:
        try:
            import tesserocr
        except ImportError as error:
            raise MissingExtra(
                f"the package tesserocr, which reads Arabic, can't be imported ({error}); "
                "run: pip install 'epic-features[tesseract]'"
            ) from error
        self._tesserocr = tesserocr
        self._folder = str(tessdata.parent)
        self._local = threading.local()
        try:
            self._api()
        except RuntimeError as error:
            raise ModelNotFound(
                f"Tesseract can't use {tessdata} ({error}); get another copy: "
                "epic models get tessdata-ara, or apt install --reinstall tesseract-ocr-ara"
            ) from error
        self.backend = Backend(
            "Arabic recognition", "tesserocr", version("tesserocr"), models.sha256(tessdata)
        )

    def __call__(self, line: NDArray[np.uint8]) -> tuple[str, float]:
        """Return the cleaned text of an RGB line and its mean word confidence in [0, 1]."""
        best = max((self._read(prepare(line, height)) for prepare, height in _FIRST), key=_trust)
        for prepare, height in _FURTHER:
            if _trust(best) < _SURE:
                best = max(best, self._read(prepare(line, height)), key=_trust)
        return best

    def _read(self, prepared: NDArray[np.uint8]) -> tuple[str, float]:
        api = self._api()
        height, width = prepared.shape
        api.SetImageBytes(prepared.tobytes(), width, height, 1, width)
        api.SetSourceResolution(_DOTS_PER_INCH)
        text = clean(api.GetUTF8Text())
        return (text, api.MeanTextConf() / 100) if text else ("", 0.0)

    def _api(self) -> Any:
        # One object a thread: they are not safe to share.
        api = getattr(self._local, "api", None)
        if api is None:
            api = self._tesserocr.PyTessBaseAPI(
                path=self._folder,
                lang="ara",
                psm=self._tesserocr.PSM.SINGLE_LINE,
                oem=self._tesserocr.OEM.LSTM_ONLY,
            )
            self._local.api = api
        return api


def _trust(reading: tuple[str, float]) -> float:
    # On a picture without text Tesseract is sometimes sure of a lone quotation mark.
    text, confidence = reading
    return confidence if script_of(text) is Script.ARABIC else confidence / 2
