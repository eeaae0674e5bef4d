"""HTML pages that open without a network and take nothing from a file name for code."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from epic_features.errors import OutputError


def render(template: str, script: str | None = None, **values: Any) -> str:
    """Fill a template of this package; every value is escaped.

    Parameters
    ----------
    template : str
        Name of a file in ``templates``.
    script : str, optional
        Name of the only script that the page may run.
    values : dict
        What the template shows.
    """
    import jinja2
    from markupsafe import Markup

    folder = files("epic_features.cleaning") / "templates"
    code = (folder / script).read_text(encoding="utf-8") if script else ""
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    allowed = f"'sha256-{digest}'" if script else "'none'"
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}"
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string((folder / template).read_text(encoding="utf-8"))
    return page.render(
        policy=policy,
        style=Markup((folder / "page.css").read_text(encoding="utf-8")),
        script=Markup(code),
        **values,
    )


def as_script_data(content: object) -> Any:
    """Return JSON that can stand inside a script element; ASCII, so any file name survives."""
    from markupsafe import Markup

    text = json.dumps(content, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # Nothing is left that could end the element.


def write_page(page: str, path: Path, *, overwrite: bool) -> None:
    """Write a page.

    Raises
    ------
    OutputError
        The file exists and `overwrite` is false, or it can't be written.
    """
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8", errors="replace") as file:
            file.write(page)
    except FileExistsError:
        raise OutputError(f"{path} exists; choose another path or give --overwrite") from None
    except OSError as error:
        raise OutputError(f"can't write the page {path}: {error.strerror}") from error
