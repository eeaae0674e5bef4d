"""Print a feature table, a few telling columns wide: ``python -m examples.print_table FILE``."""

from __future__ import annotations

import sys

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from epic_features.frame import to_pandas


def main() -> None:
    """Read the Parquet file named on the command line and print it."""
    frame = to_pandas(pq.read_table(sys.argv[1]))
    table = Table("image", "size", "colours", "faces", "lines", "en", "ar", "maths", "first words")
    for row in frame.to_dict("records"):
        swatches = Text()
        for k in range(1, 6):
            color = row[f"dominant_color_{k}"]
            if isinstance(color, str):
                swatches.append("  ", style=f"on {color}")
        words = (row["ar_words_lemmatized"] or []) + (row["en_words_lemmatized"] or [])
        table.add_row(
            Text(row["relative_path"]),
            f"{row['width']}x{row['height']}",
            swatches,
            *(
                str(row[name])
                for name in (
                    "total_faces_count",
                    "total_lines_of_text_count",
                    "total_en_boxes",
                    "total_ar_boxes",
                    "math_digits_or_symbols_count",
                )
            ),
            Text(" ".join(words[:5])),
        )
    Console(width=max(Console().width, 120)).print(table)


if __name__ == "__main__":
    main()
