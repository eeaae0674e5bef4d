"""How well words become dictionary forms, measured on the gold lists.

Run ``python -m benchmarks.words_accuracy [SHARED]``; SHARED defaults to ``../shared``. The lists
of `benchmarks.word_lists` are scored too. They were written by those who wrote the rules; on
their first run, before any repair, they gave .955 (MSA), .967 and .883 (two Egyptian lists) and
.975 (glued).
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import word_lists
from epic_features.text import arabic, english

# Differences that hurried writers make and that do not count as errors.
_FOLDED = str.maketrans("أإآىة", "ااايه")


def measure(shared: Path) -> dict[str, float]:
    """Return the share of right answers on each gold list, and how many words it has.

    Keys come in pairs: ``english_lemmas`` (0 to 1) and ``english_lemmas_count``.
    """
    gold = shared / "gold" / "words"
    lemmas = [
        (" ".join(english.lemmatize([row["token"]])), row["lemma"])
        for row in _rows(gold / "en_lemma.csv")
    ]
    splits = [
        (row["kind"] == "single", " ".join(english.segment(row["glued"])), row["split"])
        for row in _rows(gold / "en_segment.csv")
    ]
    arabic_lemmas = [
        (row["variety"], arabic.lemmatize([row["word"]])[0].translate(_FOLDED), row["lemma"])
        for row in _rows(gold / "ar_lemma.csv")
    ]
    lists: dict[str, list[tuple[str, str]]] = {
        "english_lemmas": lemmas,
        "glued_words_split": [(split, good) for single, split, good in splits if not single],
        "single_words_kept": [(split, good) for single, split, good in splits if single],
        "arabic_msa_lemmas": _variety(arabic_lemmas, "MSA"),
        "arabic_egyptian_lemmas": _variety(arabic_lemmas, "EGY"),
    }
    lists |= {
        "own_english_lemmas": _own(word_lists.ENGLISH, english.lemmatize),
        "own_glued_words_split": _own(word_lists.GLUED, _segment),
        "own_single_words_kept": [(_joined(_segment([w])), w) for w in word_lists.SINGLE.split()],
        "own_arabic_msa_lemmas": _own(word_lists.STANDARD_ARABIC, arabic.lemmatize),
        "own_arabic_egyptian_lemmas": _own(word_lists.EGYPTIAN, arabic.lemmatize),
    }
    result: dict[str, float] = {}
    for name, answers in lists.items():
        right = sum(answer in accepted.split("|") for answer, accepted in answers)
        result[name] = right / len(answers)
        result[f"{name}_count"] = len(answers)
    return result


def _own(table: str, read: Callable[[list[str]], list[str]]) -> list[tuple[str, str]]:
    return [
        (_joined(read([word])), "|".join(answers).translate(_FOLDED))
        for word, answers in word_lists.pairs(table)
    ]


def _joined(words: Iterable[str]) -> str:
    return " ".join(words).translate(_FOLDED)


def _segment(words: list[str]) -> list[str]:
    return [part for word in words for part in english.segment(word)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _variety(answers: Iterable[tuple[str, str, str]], wanted: str) -> list[tuple[str, str]]:
    return [(word, good.translate(_FOLDED)) for variety, word, good in answers if variety == wanted]


def main() -> None:
    shared = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared")
    scores = measure(shared)
    print("| words | right | of |\n|---|---|---|")
    for name in scores:
        if f"{name}_count" in scores:
            print(f"| {name} | {scores[name]:.3f} | {scores[f'{name}_count']:.0f} |")


if __name__ == "__main__":
    main()
