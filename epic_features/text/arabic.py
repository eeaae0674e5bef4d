"""Arabic words, standard and Egyptian, to dictionary forms.

A word is analysed as conjunction + particle + stem + pronouns; every analysis whose stem is in a
word list competes, and the cheapest wins. What no list knows is reduced by verb and noun templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from epic_features.text.arabic_clitics import Affix, heads, tails
from epic_features.text.arabic_lexicon import Kind, Lexicon, fold, lexicon, normalize
from epic_features.text.arabic_verbs import guess_past, noun_behind

__all__ = ["is_known", "lemmatize", "normalize"]

# Costs of a stem by where it was found; clitics add theirs. Only the order they give matters: our
# own lists first, then simplemma, whose entries that map a form to itself are the least reliable.
_OWN_BY_KIND = {
    Kind.FUNCTION: 1.0,
    Kind.NOUN: 1.0,
    Kind.PAST: 1.1,
    Kind.PRESENT: 1.1,
    Kind.IMPERATIVE: 1.3,
}
_YOU_FEMININE = 0.7  # صورتي is rather "my picture" than "you took a picture"
_DICTIONARY = 1.9
_DICTIONARY_ITSELF = 2.4
_BASE_FORM_BONUS = 0.15
_RESPELLED = 0.15
_LOOKS_INFLECTED = 0.8  # an entry with an article or a verb ending is seldom a dictionary form


def lemmatize(words: Iterable[str]) -> list[str]:
    """Return exactly one dictionary form for each Arabic word.

    Nouns and adjectives become the (masculine) singular, verbs the third person singular past.
    Egyptian words have Egyptian dictionary forms (``بيشوفوا`` gives ``شاف``). The result is
    spelled as `normalize` leaves it, with ى and ة as in the dictionary.

    Parameters
    ----------
    words : iterable of str
        Words as `epic_features.text.script.words` returns them.

    Examples
    --------
    >>> lemmatize(["والكتاب", "مدارس", "مبيكتبوش", "هنروح"])
    ['كتاب', 'مدرسة', 'كتب', 'راح']
    """
    return [_lemma(word) for word in words]


@lru_cache(maxsize=65536)
def is_known(word: str) -> bool:
    """Whether a list holds the word or, under its clitics, its stem."""
    folded, words = fold(word), lexicon()
    return len(folded) > 1 and (
        folded in words.forms[Kind.FUNCTION] or any(True for _ in _analyses(folded, words))
    )


@lru_cache(maxsize=65536)
def _lemma(word: str) -> str:
    folded = fold(word)
    if len(folded) < 2 or len(folded) > 30:
        return normalize(word) or word
    words = lexicon()
    # معاهاش, عندهاش: half a negation, its ما written apart or left out.
    for function_word in (folded, folded.removesuffix("ش") if len(folded) > 4 else folded):
        if function_word in words.forms[Kind.FUNCTION]:
            return words.forms[Kind.FUNCTION][function_word]
    best = min(_analyses(folded, words), default=None)
    return normalize(best[1]) if best else _guess(normalize(word), folded)


def _analyses(folded: str, words: Lexicon) -> Iterator[tuple[float, str]]:
    """Yield (cost, lemma) of every reading whose stem is in a list."""
    for head in heads(folded):
        for tail in tails(folded[len(head.text) :], negated=head.negates):
            if (head.negates and not tail.negates) or (head.article and tail.pronoun):
                continue
            kinds = head.kinds & tail.kinds
            body = folded[len(head.text) : len(folded) - len(tail.text)]
            for extra, stem in _restored(body, head, tail):
                for cost, lemma in _stem_readings(stem, kinds, head, body == folded, words):
                    noun = body.removeprefix("ال") + "ي" if tail.relative else lemma
                    yield cost + extra + head.cost + tail.cost, noun


def _restored(body: str, head: Affix, tail: Affix) -> Iterator[tuple[float, str]]:
    """Yield (cost, stem) of the stems that `body` may be written for, next to these clitics."""
    start = "ا" if head.elides else ""  # بكتب, هكتب for ب + اكتب
    if len(start + body) > 1:
        yield (_RESPELLED if tail.feminine else 0.0), start + body
    if tail.feminine:
        yield 0.0, body + "ه"  # سيارات from سيارة
    elif tail.text and len(body) > 1:
        ending = {"ت": "ه", "ا": "ي", "ئ": "ء", "ؤ": "ء"}.get(body[-1])
        if ending:  # مدرستي, مستواه, اصدقائي from مدرسة, مستوى, اصدقاء
            yield _RESPELLED, start + body[:-1] + ending


def _stem_readings(
    stem: str, kinds: frozenset[Kind], head: Affix, bare: bool, words: Lexicon
) -> Iterator[tuple[float, str]]:
    for kind in kinds:
        lemma = words.forms[kind].get(stem)
        if lemma is not None:
            cost = _OWN_BY_KIND[kind]
            if kind is Kind.PAST and stem.endswith("تي"):
                cost += _YOU_FEMININE
            yield cost - (_BASE_FORM_BONUS if not bare and fold(lemma) == stem else 0), lemma
    # An alef that is not written is believed only if the verb is one of ours.
    lemma = None if head.elides or len(stem) < (2 if bare else 3) else words.look_up(stem)
    if lemma is None:
        return
    base = fold(lemma)
    indefinite = stem.removeprefix("ال") if len(stem) > 5 else stem
    if noun := noun_behind(indefinite, base):
        if Kind.NOUN in kinds:
            yield _DICTIONARY, noun
    elif base != stem:
        looks_present = stem[0] in "يتن" and stem[0] != base[0]
        fitting = {Kind.PRESENT} if looks_present else {Kind.NOUN, Kind.PAST}
        if kinds & fitting or (stem[0] == "ا" and Kind.PRESENT in kinds):
            yield _DICTIONARY, lemma
    elif Kind.NOUN in kinds or Kind.PAST in kinds:
        doubtful = stem.startswith("ال") or (len(stem) > 4 and stem.endswith(("ت", "و")))
        yield _DICTIONARY_ITSELF + (_LOOKS_INFLECTED if doubtful else 0), lemma


_OBJECT = "(?:و?(?:ها|هم|ه|ك|كم|كو|ني|نا|و)?)"
_UNKNOWN_VERB = re.compile(
    f"[وف]?[بهح][يتن](?P<habit>..|.{{3,6}}?){_OBJECT}"  # بيدبلج, هيدبلجوها
    f"|[وف]?ما?[بهح]?[يتن](?P<never>..|.{{3,6}}?){_OBJECT}ش"  # مبيدبلجش
)
_ARTICLE = re.compile("[وف]?(?:[بكعه]?ال|لل)(?=...)")
_PLURAL = re.compile("(?<=...)ات$")
_PLURAL_OR_DUAL = re.compile("(?<=...)(?:تين|ات|ين|ون)$")


def _guess(normal: str, folded: str) -> str:
    """Reduce a word that no list knows, by its most telling clitics only."""
    verb = _UNKNOWN_VERB.fullmatch(folded)
    if verb:
        return guess_past(verb["habit"] or verb["never"])
    article = _ARTICLE.match(normal)
    if article:
        return _PLURAL_OR_DUAL.sub("", normal[article.end() :])
    return _PLURAL.sub("", normal)  # without the article, ين and ون often end a name
