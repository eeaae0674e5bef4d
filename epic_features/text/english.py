"""English words to dictionary forms."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from epic_features.text.english_contractions import expand
from epic_features.text.english_segments import segment

__all__ = ["lemmatize", "segment", "segment_and_lemmatize"]

# Forms that both dictionaries leave alone or send to a rarer word.
_IRREGULAR = {
    "worse": "bad",
    "worst": "bad",
    "further": "far",
    "furthest": "far",
    "felt": "feel",
    "ground": "ground",
    "wi-fi": "wifi",
}
_POS_ORDER = ("VERB", "NOUN", "ADJ", "ADV", "AUX")


def lemmatize(words: Iterable[str]) -> list[str]:
    """Return the dictionary forms of English words, in lower case and in the same order.

    Contractions are expanded first (``don't`` gives ``do``, ``not``) and possessive endings
    dropped, so there are at least as many lemmas as words. Words are looked at one by one, without
    their neighbours: of several readings the usual one is taken (``saw`` gives ``see``). A word
    that no dictionary knows is its own lemma.

    Parameters
    ----------
    words : iterable of str
        Words as `epic_features.text.script.words` returns them.

    Examples
    --------
    >>> lemmatize(["She", "doesn't", "like", "mice"])
    ['she', 'do', 'not', 'like', 'mouse']
    """
    return [_lemma(part) for word in words for part in expand(word)]


def segment_and_lemmatize(words: Iterable[str]) -> list[str]:
    """Split the words that OCR glued together, then `lemmatize`.

    Examples
    --------
    >>> segment_and_lemmatize(["goodmorning", "children"])
    ['good', 'morning', 'child']
    """
    return lemmatize(part for word in words for part in segment(word))


@lru_cache(maxsize=65536)
def _lemma(word: str) -> str:
    """Return the lemma of one lower-case word without apostrophe endings.

    simplemma chooses best between the readings of a form, but now and then returns a stem that is
    no word (``playe``, ``thinke``, ``gan``); so its answer stands only if lemminflect, which knows
    the readings but not the usual one, has it among them.
    """
    if len(word) < 2 or word in _IRREGULAR:
        return _IRREGULAR.get(word, word)
    import lemminflect
    import simplemma

    usual: str = simplemma.lemmatize(word, lang="en").lower()
    by_pos: dict[str, tuple[str, ...]] = lemminflect.getAllLemmas(word)
    if not by_pos:
        # A much longer "lemma" spells out an abbreviation (cf, cal), rightly or wrongly.
        plausible = usual.isalpha() and len(usual) < len(word) + 2
        return usual if plausible and simplemma.is_known(word, "en") else word
    singulars = [lemma for lemma in by_pos.get("NOUN", ()) if lemma.endswith(("f", "fe"))]
    if word.endswith("ves") and singulars:
        return singulars[0]  # shelves, knives: the noun is more usual than to shelve, to knive
    readings = [lemma for pos in _POS_ORDER for lemma in by_pos.get(pos, ())]
    if usual in readings:
        return usual
    if usual == word and "ADJ" not in by_pos:
        return word
    return readings[0] if readings else word
