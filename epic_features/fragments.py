"""Pieces of HTML for notebooks: they load nothing and are readable on bright and dark pages."""

from __future__ import annotations

from importlib.resources import files
from typing import Any


def fragment(package: str, template: str, **values: Any) -> str:
    """Fill a template and put the style of all outputs before it; every value is escaped.

    Parameters
    ----------
    package : str
        The package in whose folder ``templates`` the template is.
    template : str
        Its file name.
    values : dict
        What it shows.
    """
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = (files(package) / "templates" / template).read_text(encoding="utf-8")
    style = (files("epic_features") / "templates" / "fragment.css").read_text(encoding="utf-8")
    body = environment.from_string(text).render(**values)
    return f'<div class="epic"><style>{style}</style>{body}</div>'
