"""The Arabic word lists in memory: folded form to dictionary form."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from importlib.resources import files

from epic_features.text import arabic_verbs as verbs
from epic_features.text.script import clean

PRONOUNS = ("ي", "ا", "يا", "ه", "ها", "ك", "كي", "نا", "كم", "كو", "هم", "هن", "هما", "كما")

_LETTERS = str.maketrans("أإآٱیکہھ", "اااايكهه")
_ENDINGS = str.maketrans("ىة", "يه")
_ELONGATED = re.compile(r"(.)\1{2,}")
# Letters that cleaning leaves as they are: most words and nearly all forms of the lists.
_PLAIN = re.compile("[\u0621-\u063a\u0641-\u064a]+")


class Kind(Enum):
    """What a form is, as far as it decides which clitics it takes."""

    FUNCTION = "function"
    NOUN = "noun"
    PAST = "past"
    PRESENT = "present"
    IMPERATIVE = "imperative"


VERB = (Kind.PAST, Kind.PRESENT, Kind.IMPERATIVE)


@dataclass(frozen=True)
class Lexicon:
    """Folded forms of our own lists, by kind, each with its dictionary form.

    ``dictionary`` is simplemma's Arabic dictionary in its own spelling.
    """

    forms: Mapping[Kind, Mapping[str, str]]
    dictionary: Mapping[str, str]

    def look_up(self, folded: str) -> str | None:
        """Return simplemma's lemma of a folded form, trying the spellings it may stand for."""
        known = None
        for spelling in _spellings(folded):
            lemma = self.dictionary.get(spelling)
            if lemma is not None and fold(lemma) != folded:
                return lemma
            known = known or lemma
        return known


@lru_cache(maxsize=4096)
def normalize(word: str) -> str:
    """Return an Arabic word without what spelling habits add to it.

    Diacritics and tatweel are removed, the forms of alef made one (أ إ آ ٱ to ا), Persian ya, kaf
    and ha made Arabic, and a letter written three times or more is written once (laughter, which is
    nothing else, three times).

    Examples
    --------
    >>> normalize("إِنْسَانٌ"), normalize("جمـــييييل"), normalize("هههههه")
    ('انسان', 'جميل', 'ههه')
    """
    letters = word if _PLAIN.fullmatch(word) else _bare(word)
    letters = letters.translate(_LETTERS)
    if len(letters) > 2 and len(set(letters)) == 1:
        return letters[:3]
    return _ELONGATED.sub(r"\1", letters)


def _bare(word: str) -> str:
    """Return a word cleaned, without diacritics and tatweel."""
    return "".join(
        char for char in clean(word) if char != "\u0640" and not unicodedata.combining(char)
    )


def fold(word: str) -> str:
    """Return the form under which a word is looked up.

    On top of `normalize`, ى becomes ي and ة becomes ه, which hurried writers do not tell apart,
    and the silent alef of a final وا is dropped.
    """
    folded = normalize(word).translate(_ENDINGS)
    return folded[:-1] if len(folded) > 3 and folded.endswith("وا") else folded


_LOADING = threading.Lock()


def lexicon() -> Lexicon:
    """Return the lexicon, loading it at the first call (about 0.4 s). Safe with threads."""
    with _LOADING:
        return _load()


@cache
def _load() -> Lexicon:
    from simplemma.strategies.dictionaries import DefaultDictionaryFactory

    forms: dict[Kind, dict[str, str]] = {kind: {} for kind in Kind}
    # Stable sort: a dictionary form beats an inflected form of another word, and that a rare one.
    found = sorted((*_function_words(), *_nouns(), *_verbs()), key=lambda entry: entry[3])
    for kind, form, lemma, _ in found:
        forms[kind].setdefault(form, lemma)
    return Lexicon(forms, DefaultDictionaryFactory().get_dictionary("ar"))


def _entries(name: str) -> Iterator[list[str]]:
    text = (files("epic_features.text") / "data" / name).read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            yield from (entry.split() for entry in line.split(";") if entry.strip())


_Entry = tuple[Kind, str, str, int]
_BASE, _INFLECTED, _RARE = range(3)


def _entry(kind: Kind, form: str, lemma: str, rank: int | None = None) -> _Entry:
    form = fold(form)
    if rank is None:
        rank = _BASE if form == fold(lemma) else _INFLECTED
    return kind, form, normalize(lemma), rank


def _function_words() -> Iterator[_Entry]:
    for entry in _entries("arabic_function_words.txt"):
        split = entry.index("+") if "+" in entry else len(entry)
        lemma, stems = entry[0], entry[split + 1 :]
        yield from (_entry(Kind.FUNCTION, form, lemma) for form in entry[:split])
        for stem in stems:
            ends = (*PRONOUNS, "ني") if stem.endswith(("ن", "ت")) else PRONOUNS
            yield from (_entry(Kind.FUNCTION, stem + end, lemma, _RARE) for end in ends)


def _nouns() -> Iterator[_Entry]:
    for lemma, *plurals in _entries("arabic_nouns.txt"):
        yield from (_entry(Kind.NOUN, form, lemma) for form in (lemma, *plurals))


def _verbs() -> Iterator[_Entry]:
    for entry in _entries("arabic_verbs.txt"):
        split = entry.index("=") if "=" in entry else len(entry)
        lemma, *presents = entry[:split]
        past = fold(lemma)
        yield from (_entry(kind, form, lemma) for form in entry[split + 1 :] for kind in VERB)
        for form in verbs.past_forms_with_vowel(past):
            yield _entry(Kind.PAST, form, lemma, _RARE)
        if lemma.endswith("أ"):  # قرأت beside the Egyptian قريت
            yield from (_entry(Kind.PAST, past + end, lemma) for end in ("ت", "تي", "تم", "نا"))
        yield from (_entry(Kind.PAST, form, lemma) for form in verbs.past_forms(past, past))
        for noun in verbs.verbal_nouns(past):
            yield _entry(Kind.NOUN, noun, noun[:-1] + "ة" if noun.endswith("ه") else noun, _RARE)
        for present in map(fold, presents):
            yield from (_entry(Kind.PAST, f, lemma) for f in verbs.past_forms(past, present))
            yield from (_entry(Kind.PRESENT, f, lemma) for f in verbs.imperfect_forms(present))
            yield from (_entry(Kind.IMPERATIVE, f, lemma) for f in verbs.imperative_forms(present))
            yield from (_entry(Kind.NOUN, form, form) for form in verbs.participles(past, present))


def _spellings(folded: str) -> Iterator[str]:
    ends = {"ه": "هة", "ي": "يى", "و": ("و", "وا")}.get(folded[-1:], (folded[-1:],))
    starts = "اأإآ" if folded[:1] == "ا" else (folded[:1],)
    for end in ends:
        for start in starts:
            yield start + folded[1:-1] + end if len(folded) > 1 else start
    inner = folded.find("ا", 1, -1)
    if inner > 0:
        yield folded[:inner] + "أ" + folded[inner + 1 :]
