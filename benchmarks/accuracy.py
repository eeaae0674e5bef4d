"""Everything that can be compared with a gold set, in one table.

Run it by hand: ``python -m benchmarks.accuracy [SHARED] [-o FILE]``; it takes a few minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import face_accuracy, machine, ocr_accuracy, words_accuracy


def word_rows(shared: Path) -> list[tuple[str, str, str, str]]:
    """Lemmas and glued words."""
    aims = {
        "english_lemmas": 0.97,
        "glued_words_split": 0.90,
        "single_words_kept": 0.95,
        "arabic_msa_lemmas": 0.90,
        "arabic_egyptian_lemmas": 0.85,
    }
    scores = words_accuracy.measure(shared)
    aims |= {f"own_{name}": aim for name, aim in aims.items()}
    return [
        (
            name.replace("_", " "),
            f"{scores[name]:.3f}",
            f">= {aim:.2f}",
            f"{scores[f'{name}_count']:.0f} words",
        )
        for name, aim in aims.items()
    ]


def text_rows(shared: Path) -> list[tuple[str, str, str, str]]:
    """Character error rates and box counts, with a breakdown by style that has no aim."""
    aims = {
        "rendered CER en": "<= .01",
        "rendered CER ar": "<= .20",
        "screenshots CER ar": "<= .06",
        "rendered box count error latin": "<= .10",
        "rendered box count error arabic": "<= .10",
        "text-free photos with a box": "<= 2",
    }
    counts = {
        "rendered CER en": "rendered English lines",
        "rendered CER ar": "rendered Arabic lines",
        "screenshots CER ar": "screenshots Arabic lines",
    }
    scores = ocr_accuracy.measure(shared)
    listed = set(counts.values())
    rows = []
    for name in (*aims, *(key for key in scores if key not in aims and key not in listed)):
        value = scores[name]
        shown = f"{value:.0f}" if isinstance(value, int) else f"{value:.3f}"
        count = f"{scores[counts[name]]:.0f} lines" if name in counts else ""
        rows.append((name, shown, aims.get(name, ""), count))
    return rows


def face_rows(shared: Path) -> list[tuple[str, str, str, str]]:
    """Exact counts and false positives of the two small detectors, and how their areas compare."""
    results = [face_accuracy.measure(shared, name) for name in ("centerface", "yunet")]
    rows = []
    for result in results:
        name = f"faces, {result['detector']}"
        rows.append(
            (
                f"{name}: exact count",
                f"{result['exact']:.3f}",
                ">= .97",
                f"{result['labelled']} images",
            )
        )
        rows.append(
            (
                f"{name}: false positives",
                str(result["false_positives"]),
                "",
                f"{result['negatives']} images",
            )
        )
    of_means, mean_absolute = face_accuracy.area_difference(*results)
    rows.append(
        (
            "faces: mean area ratio against YuNet",
            f"{of_means:.4f}",
            "<= .01",
            f"{results[0]['images']} images",
        )
    )
    rows.append(
        (
            "faces: mean absolute area difference",
            f"{mean_absolute:.4f}",
            "",
            f"{results[0]['images']} images",
        )
    )
    return rows


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", nargs="?", type=Path, default=Path("../shared"))
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/accuracy.md"))
    options = parser.parse_args()
    rows = [*face_rows(options.shared), *text_rows(options.shared), *word_rows(options.shared)]
    machine.write(
        options.output,
        "Accuracy on the gold sets",
        machine.table(("what", "measured", "aim", "of"), rows),
    )


if __name__ == "__main__":
    main()
