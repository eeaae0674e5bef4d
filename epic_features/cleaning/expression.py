"""Expressions over the columns of a table, such as ``text_blocks_count / (width + 1)``.

Only arithmetic, comparisons and a few named functions are known; an expression can't reach
anything else, so one from a stranger does no harm.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from epic_features.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

Values = NDArray[np.float64]

_LONGEST = 1000
_MOST_PARTS = 200
_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.true_divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any]]] = {
    "abs": (1, np.abs),
    "sqrt": (1, np.sqrt),
    "log": (1, np.log),
    "log1p": (1, np.log1p),
    "log10": (1, np.log10),
    "exp": (1, np.exp),
    "min": (2, np.minimum),
    "max": (2, np.maximum),
}
"""Functions by name: how many values they take, and what computes them."""


def names_in(expression: str) -> set[str]:
    """Return the columns that an expression refers to.

    Raises
    ------
    SettingsError
        It is no expression, or uses something that is not known.
    """
    tree = _parsed(expression)
    functions = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and n not in functions}


def evaluate(expression: str, table: pd.DataFrame) -> Values:
    """Compute an expression for every row of a table.

    Parameters
    ----------
    expression : str
        Names of columns, numbers, ``+ - * / // % **``, comparisons (1 or 0), parentheses, and the
        functions of `FUNCTIONS`; ``len(COLUMN)`` is the number of words of a list.
    table : DataFrame
        Has the columns; numbers, booleans, or lists in ``len``.

    Returns
    -------
    ndarray of float64, shape (rows,)
        NaN where a value is null or the result is not a finite number (a division by zero).

    Raises
    ------
    SettingsError
        It is no expression, or a column is not there or holds no numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> evaluate("width * (height > 1)", pd.DataFrame({"width": [3, 4], "height": [1, 2]})).tolist()
    [0.0, 4.0]
    """
    with np.errstate(all="ignore"):
        found = _value(_parsed(expression), table)
        values = np.broadcast_to(np.asarray(found, np.float64), len(table)).copy()
    values[~np.isfinite(values)] = np.nan
    return values


def _parsed(expression: str) -> ast.expr:
    if len(expression) > _LONGEST:
        raise SettingsError(f"the expression is longer than {_LONGEST} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
        parts = list(ast.walk(tree))
        if len(parts) > _MOST_PARTS:
            raise SettingsError(f"the expression has more than {_MOST_PARTS} parts")
        for node in parts:
            _check(node)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, SettingsError):
            raise
        raise SettingsError(f"{expression!r} is not an expression: {error}") from error
    return tree


def _check(node: ast.AST) -> None:
    plain = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.Name)
    if isinstance(node, ast.BinOp):
        known = type(node.op) in _BINARY
    elif isinstance(node, ast.UnaryOp):
        known = type(node.op) in _UNARY
    elif isinstance(node, ast.Compare):
        known = len(node.ops) == 1 and type(node.ops[0]) in _COMPARE
    elif isinstance(node, ast.Constant):
        known = type(node.value) in (int, float)
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        takes = 1 if name == "len" else FUNCTIONS[name][0] if name in FUNCTIONS else -1
        known = len(node.args) == takes and not node.keywords
        if name == "len":
            known = known and isinstance(node.args[0], ast.Name)
    else:
        known = isinstance(node, plain)
    if not known:
        what = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
        raise SettingsError(
            f"{what!r} can't be used in an expression; known are columns, numbers, + - * / // % "
            f"**, comparisons, len and {', '.join(FUNCTIONS)}"
        )


def _value(node: ast.expr, table: pd.DataFrame) -> Any:
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_value(node.left, table), _value(node.right, table))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_value(node.operand, table))
    if isinstance(node, ast.Compare):
        left, right = _value(node.left, table), _value(node.comparators[0], table)
        result = np.asarray(_COMPARE[type(node.ops[0])](left, right), np.float64)
        return np.where(np.isnan(left) | np.isnan(right), np.nan, result)
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        if node.func.id == "len":
            assert isinstance(node.args[0], ast.Name)
            return _lengths(node.args[0].id, table)
        return FUNCTIONS[node.func.id][1](*(_value(item, table) for item in node.args))
    if isinstance(node, ast.Name):
        return _column(node.id, table)
    assert isinstance(node, ast.Constant)
    return np.float64(node.value)  # type: ignore[arg-type]


def _present(name: str, table: pd.DataFrame) -> pd.Series:
    if name not in table:
        raise SettingsError(f"there is no column {name!r}; there are: {', '.join(table.columns)}")
    return table[name]


def _column(name: str, table: pd.DataFrame) -> Values:
    import pandas as pd

    column = _present(name, table)
    if column.isna().all():
        return np.full(len(table), np.nan)
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        hint = f"; len({name}) counts its words" if "words" in name else ""
        raise SettingsError(f"the column {name!r} holds no numbers{hint}")
    return np.asarray(column.astype("Float64").to_numpy(np.float64, na_value=np.nan))


def _lengths(name: str, table: pd.DataFrame) -> Values:
    column = _present(name, table)
    return np.array(
        [len(v) if isinstance(v, list | tuple | np.ndarray) else np.nan for v in column], np.float64
    )
