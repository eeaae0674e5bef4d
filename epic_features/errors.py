"""The errors a user of the library may meet.

Every message says what was tried, on what, and what to do next.
"""

from __future__ import annotations


class EpicError(Exception):
    """Base of every error raised on purpose by this project."""


class ImageError(EpicError):
    """An image could not be read.

    Parameters
    ----------
    image : str
        Path or description of the image.
    reason : str
        One line, fit to be shown in a table.
    stage : str
        What failed: ``"source"`` (the file can't be had), ``"decode"``, or the column group.
    """

    def __init__(self, image: str, reason: str, stage: str = "decode") -> None:
        super().__init__(f"{image}: {reason}")
        self.image = image
        self.reason = reason
        self.stage = stage

    def __reduce__(self) -> tuple[type[ImageError], tuple[str, str, str]]:
        # Exceptions with their own __init__ do not survive pickling between processes otherwise.
        return type(self), (self.image, self.reason, self.stage)


class SettingsError(EpicError, ValueError):
    """An option has a value that is not known or out of range."""


class SourceError(EpicError):
    """The place the images should come from does not exist, or holds none."""


class ModelNotFound(EpicError):
    """A model file is not on this machine; the message names the command that gets it."""


class ModelFileError(EpicError):
    """A model file can't be read, or is not of the kind it should be."""


class ModelDownloadError(EpicError):
    """A model file could not be fetched, or what came is not the file that was asked for."""


class MissingExtra(EpicError, ImportError):
    """An optional back end is not installed; the message names the extra."""


class MissingLibrary(EpicError, ImportError):
    """A library of the operating system is missing; the message names the package that has it."""


class OutputError(EpicError):
    """A result could not be written, for instance because the file already exists."""


class PlanError(EpicError, ValueError):
    """A plan or journal of moves can't be read, or asks for something outside its folder."""


class EngineError(EpicError):
    """The processes that do the work could not be started."""


class SettingsMismatch(EpicError, ValueError):
    """A table was extracted with other settings than a model was trained for."""
