"""English contractions and what they stand for."""

from __future__ import annotations

import re
from functools import lru_cache

_WHOLE = {
    "won't": "will not",
    "can't": "can not",
    "shan't": "shall not",
    "ain't": "is not",
    "let's": "let us",
    "y'all": "you all",
    "ma'am": "madam",
    "'tis": "it is",
    "cannot": "can not",
    "gonna": "going to",
    "wanna": "want to",
    "gotta": "got to",
    "hafta": "have to",
    "gimme": "give me",
    "lemme": "let me",
    "dunno": "do not know",
    "imma": "i am going to",
}
_ENDINGS = (
    ("n't", "not"),
    ("'re", "are"),
    ("'ve", "have"),
    ("'ll", "will"),
    ("'m", "am"),
    ("'d", "would"),
)
# After these 's is "is"; after any other word it marks the possessor.
_BEFORE_IS = frozenset(
    "he she it that this there here what who where when why how everything nothing something "
    "everyone someone nobody anybody one".split()
)

# Written without the apostrophe, as OCR and hurried typists do. Left out are the ones that are
# words of their own (its, were, well, ill, shell, hell, wed, id, lets, shed), but for the rare
# nouns cant and wont.
_BARE = {
    word.replace("'", ""): word
    for word in (
        "don't doesn't didn't isn't aren't wasn't weren't hasn't haven't hadn't couldn't wouldn't "
        "shouldn't mustn't needn't mightn't i'm i've you're you've you'll they're they've they'll "
        "we've that's what's there's where's who's could've would've should've ain't y'all "
        "it'll that'll here's"
    ).split()
} | {"cant": "can't", "wont": "won't"}


@lru_cache(maxsize=4096)
def expand(word: str) -> tuple[str, ...]:
    """Return the lower-case words that `word` stands for; the word itself in most cases.

    A possessive ending is dropped: ``Sara's`` gives ``sara``. Endings may pile up:
    ``shouldn't've`` gives ``should``, ``not``, ``have``.

    Examples
    --------
    >>> expand("Don’t"), expand("it's"), expand("theyve")
    (('do', 'not'), ('it', 'is'), ('they', 'have'))
    """
    word = re.sub("[\u2019\u2018\u02bc\u00b4`]", "'", word.lower())
    word = _BARE.get(word, word)
    if word in _WHOLE:
        return tuple(_WHOLE[word].split())
    for ending, meaning in _ENDINGS:
        if word.endswith(ending) and len(word) > len(ending):
            return (*expand(word.removesuffix(ending)), meaning)
    if word.endswith("'s") and len(word) > 2:
        owner = word.removesuffix("'s")
        return (*expand(owner), "is") if owner in _BEFORE_IS else expand(owner)
    return (word,)
