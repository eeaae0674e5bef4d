"""English words that were read without the spaces between them, taken apart."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from epic_features.text.english_contractions import expand

_SHORTEST = 6  # letters; shorter words are more often names or abbreviations than glued
_LONGEST = 2000  # letters; what is longer is no text
_LONGEST_PIECE = 20
_BEAM = 5  # readings kept per position; more changes nothing on the words we tried

# Words of one and two letters that may be a piece; word lists hold many more that nobody writes.
_TINY = frozenset(
    (
        "a i am an as at be by do go he hi if in is it me my no of oh ok on or so to tv up us we"
    ).split()
)
_RARE = 20_000  # occurrences in wordsegment's corpus of 1.02e12 words
_COMMON = 1_000_000
_DOUBT = 2.0  # what a piece that no word list has costs, in powers of ten
# How much likelier the split of a word the corpus lacks must be, in powers of ten: names and typing
# errors of running English text stay below 9, phrases written together begin at 10.
_UNSEEN = 9.0
_MOST_STRANGE = 0.4  # share of the letters that may be in unknown pieces of a believable split
_SHORTEST_NAME = (
    5  # letters; shorter unknown pieces are scraps, but for single letters ("let x be")
)
_PREFIX = re.compile(
    "(anti|auto|bio|co|counter|cyber|de|dis|electro|extra|geo|hydro|hyper|il|im|in|inter|intra|ir|"
    "macro|mega|meta|micro|mid|mini|mis|mono|multi|nano|neuro|non|out|over|photo|poly|post|pre|"
    "pro|proto|pseudo|psycho|quasi|re|semi|sub|super|techno|tele|thermo|trans|tri|ultra|un|under)"
)
_HUMP = re.compile("[0-9]+|[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def segment(word: str) -> list[str]:
    """Split a word that is several words glued together.

    Kept whole are words that a dictionary or our list of names knows, words under six letters,
    words with letters outside a-z, derived words (``unfollow``) and whatever has no split into
    mostly known words that is likelier than the word itself.

    Parameters
    ----------
    word : str
        One word, in any case; a capital or a number inside it is a hint (``ThankYou``).

    Returns
    -------
    list of str
        The parts in lower case; one element when the word is kept whole.

    Examples
    --------
    >>> segment("goodmorningeveryone"), segment("WhatsApp"), segment("3daysleft")
    (['good', 'morning', 'everyone'], ['whatsapp'], ['3', 'days', 'left'])
    """
    lower = word.lower()
    if not (word.isascii() and word.isalnum() and _SHORTEST <= len(word) <= _LONGEST):
        return [lower]
    humps = _HUMP.findall(word)
    if len(humps) > 1 and lower not in _names() and all(map(_is_hump, humps)):
        return [part for hump in humps for part in segment(hump)]
    if lower.isalpha() and not _is_certain(lower):
        return list(_split(lower))
    return [lower]


def _is_hump(part: str) -> bool:
    """Tell whether a part between capitals or digits looks like words rather than a code."""
    part = part.lower()
    if part.isdigit() or part in _TINY or part in _names():
        return True
    return len(part) > 2 and (is_known(part) or len(segment(part)) > 1)


def _is_certain(word: str) -> bool:
    return word in _names() or len(expand(word)) > 1 or _is_inflected(word)


@lru_cache(maxsize=65536)
def is_known(word: str) -> bool:
    """Tell whether a dictionary knows the lower-case English word."""
    import simplemma

    return _is_inflected(word) or simplemma.is_known(word, "en")


@lru_cache(maxsize=65536)
def _is_inflected(word: str) -> bool:
    import lemminflect

    return bool(lemminflect.getAllLemmas(word))


@cache
def _names() -> frozenset[str]:
    text = (files("epic_features.text") / "data" / "names.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(" ".join(lines).split())


@dataclass(frozen=True)
class _Corpus:
    """How often words and pairs of words occur, from wordsegment's files."""

    unigrams: dict[str, float]
    bigrams: dict[str, float]
    words: frozenset[str]
    total: float

    def log_probability(self, word: str, previous: str) -> float:
        """Log10 of the chance of `word` after `previous`, by stupid backoff."""
        pair = self.bigrams.get(f"{previous} {word}")
        if pair is not None and previous in self.unigrams:
            return math.log10(pair / self.unigrams[previous])
        count = self.unigrams.get(word)
        # Unknown letters cost a factor of ten each (Norvig, "Natural Language Corpus Data").
        return math.log10(count / self.total) if count else 1 - math.log10(self.total) - len(word)

    def is_word(self, word: str) -> bool:
        """Tell whether a piece is a word or name that people write."""
        if len(word) < 3:
            return word in _TINY
        count = self.unigrams.get(word, 0)
        usual = count >= (_COMMON if len(word) == 3 else _RARE) and word in self.words
        return usual or word in _names()


_LOADING = threading.Lock()


def _corpus() -> _Corpus:
    with _LOADING:  # loading takes half a second and 80 MB: once, whatever the number of threads
        return _load_corpus()


@cache
def _load_corpus() -> _Corpus:
    from wordsegment import Segmenter

    segmenter = Segmenter()
    segmenter.load()
    words = frozenset(segmenter.words)
    return _Corpus(segmenter.unigrams, segmenter.bigrams, words, segmenter.total)


@lru_cache(maxsize=16384)
def _split(word: str) -> tuple[str, ...]:
    corpus = _corpus()
    if word in corpus.words or (is_known(word) and word not in corpus.unigrams):
        return (word,)
    prefix = _PREFIX.match(word)
    if prefix and is_known(word[prefix.end() :]):
        return (word,)
    score, parts = _best_split(word, corpus)
    # Three common words in a row are hardly ever a word of their own, even if somebody wrote it so.
    if len(parts) > 2 and all(map(corpus.is_word, parts)):
        score += _DOUBT
    margin = 0.0 if word in corpus.unigrams else _UNSEEN
    believed = score > corpus.log_probability(word, "<s>") + margin and _mostly_known(parts)
    return parts if believed else (word,)


def _mostly_known(parts: tuple[str, ...]) -> bool:
    strange = [part for part in parts if not (_corpus().is_word(part) or is_known(part))]
    if any(1 < len(part) < _SHORTEST_NAME for part in strange):
        return False
    return sum(map(len, strange)) <= _MOST_STRANGE * sum(map(len, parts))


def _best_split(word: str, corpus: _Corpus) -> tuple[float, tuple[str, ...]]:
    """Return the likeliest split into at least two pieces, and its log10 probability.

    A beam search over positions: at each, the best few (last piece -> score, pieces).
    """
    beams: list[dict[str, tuple[float, tuple[str, ...]]]] = [{} for _ in range(len(word) + 1)]
    beams[0] = {"<s>": (0.0, ())}
    for start in range(len(word)):
        best = sorted(beams[start].items(), key=lambda item: -item[1][0])[:_BEAM]
        for end in range(start + 1, min(len(word), start + _LONGEST_PIECE) + 1):
            piece = word[start:end]
            if piece == word:
                continue
            doubt = 0.0 if corpus.is_word(piece) else _DOUBT
            for previous, (score, parts) in best:
                total = score + corpus.log_probability(piece, previous) - doubt
                if total > beams[end].get(piece, (-math.inf,))[0]:
                    beams[end][piece] = (total, (*parts, piece))
    return max(beams[-1].values())
