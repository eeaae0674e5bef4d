"""What the training lines say: text of many kinds, cut and mixed into lines."""

from __future__ import annotations

import gettext
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from epic_features.text.script import clean

SYMBOLS = (
    " "
    "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي"
    "ٱپچژڤڨگ"
    "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670"
    "٠١٢٣٤٥٦٧٨٩۴۵۶٪٫،؛؟"
    "0123456789"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    "!\"#$%&'()*+,-./:;<=>?@[\\]_{|}~«»–—…•·×°€£©®™✓ﷺ"
)
"""Every symbol the network knows; it puts out their positions plus one, and 0 for a blank."""

_T = TypeVar("_T")

# Persian digits that look like the Arabic-Indic ones are written as those.
_LOOK_ALIKES = str.maketrans("۰۱۲۳۷۸۹ىیک\u0640’‘“”′″", "٠١٢٣٧٨٩ىيك\u0640''\"\"'\"")
_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_PERSIAN = str.maketrans("0123456789", "٠١٢٣۴۵۶٧٨٩")
_ARABIC = re.compile("[\u0621-\u064a\u0671-\u06d3]")
_LETTER = re.compile("[\u0621-\u064a]")
_MARKS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0652"
_SHARED_WORDS = 3
_JOINING = frozenset("بتثجحخسشصضطظعغفقكلمنهيئ")
_KASHIDA = "\u0640"

_ENGLISH_APP = (
    "WhatsApp Facebook Instagram YouTube Google Twitter TikTok Telegram Gmail PDF Word Excel "
    "iPhone Samsung Android Wi-Fi SMS OTP GPS USB PIN ID VIP Netflix Uber Vodafone Orange Zoom "
    "Teams Chrome Python Java HTML CSS online offline story live like share follow update "
    "download upload app ok"
).split()


def symbols_only(text: str) -> str:
    """Return a text in the symbols of `SYMBOLS`; "" when it holds any other."""
    text = clean(text).translate(_LOOK_ALIKES).replace(_KASHIDA, "")
    return text if all(char in _KNOWN for char in text) else ""


_KNOWN = frozenset(SYMBOLS)


class Corpus:
    """Lines of text drawn at random from many sources.

    Parameters
    ----------
    shared : Path
        Folder with ``text/``: sentences and phrases.
    banned : sequence of str
        Lines of the test sets: no text that has three words in a row in common with one of them,
        or is the whole of one that is longer than one word, is ever drawn.
    """

    def __init__(self, shared: Path, banned: Sequence[str]) -> None:
        self._banned = {run for line in banned for run in runs_of(clean(line))}
        self._banned |= {clean(line) for line in banned if " " in clean(line)}
        texts = shared / "text"
        self.sentences = self._kept((texts / "pud_arabic.txt").read_text("utf-8").splitlines())
        self.phrases = self._kept((texts / "egyptian_phrases.txt").read_text("utf-8").splitlines())
        self.english = self._kept((texts / "ewt_english.txt").read_text("utf-8").splitlines())
        self.kinds = {kind: self._kept(lines) for kind, lines in _own_phrases().items()}
        self.interface = self._kept([*_catalogues(), *_locale_words()])
        running = " ".join([*self.sentences, *self.phrases]).split()
        self.frequent = [word for word in running if _ARABIC.search(word)]
        self.rare = self._kept(_dictionary())
        self.names = self._kept(_names())

    def _kept(self, lines: Sequence[str]) -> list[str]:
        kept = (symbols_only(line) for line in lines)
        return [line for line in kept if line and self.allowed(line)]

    def allowed(self, line: str) -> bool:
        """Whether a line has nothing in common with the test sets."""
        return line not in self._banned and not self._banned.intersection(runs_of(line))

    def line(self, rng: np.random.Generator) -> str:
        """Return a line of 1 to about 60 symbols."""
        for _ in range(20):
            text = clean(self._draw(rng))
            if text and self.allowed(text) and set(text) <= _KNOWN:
                return text
        return "مصر"

    def _draw(self, rng: np.random.Generator) -> str:
        kind = rng.random()
        if kind < 0.17:
            text = self._part(rng, self.sentences, 9)
        elif kind < 0.29:
            text = self._part(rng, self.phrases, 8)
        elif kind < 0.41:
            text = self._part(rng, _pick(rng, list(self.kinds.values())), 8)
        elif kind < 0.52:
            text = self._part(rng, self.interface, 7)
        elif kind < 0.60:
            text = " ".join(self._words(rng, 1 + int(rng.integers(6))))
        elif kind < 0.64:
            text = " ".join(_pick(rng, self.names) for _ in range(1 + rng.integers(3)))
        elif kind < 0.76:
            return _digits(rng, 10).translate(_INDIC)
        elif kind < 0.91:
            text = self._numbers(rng)
        elif kind < 0.94:
            text = self._part(rng, self.english, 6)
        else:
            text = self._mixed(rng)
        return self._dressed(rng, text)

    def _words(self, rng: np.random.Generator, count: int) -> list[str]:
        sources = (self.frequent, self.rare, self.rare)
        return [_pick(rng, sources[rng.integers(3)]) for _ in range(count)]

    def _part(self, rng: np.random.Generator, lines: list[str], most: int) -> str:
        words = _pick(rng, lines).split()
        count = min(len(words), 1 + int(rng.integers(most)))
        if len(words) <= most and rng.random() < 0.5:
            count = len(words)
        first = rng.integers(len(words) - count + 1)
        return " ".join(words[first : first + count])

    def _mixed(self, rng: np.random.Generator) -> str:
        words = self._part(rng, self.phrases if rng.random() < 0.5 else self.sentences, 6).split()
        for _ in range(1 + rng.integers(2)):
            latin = _pick(rng, _ENGLISH_APP)
            if rng.random() < 0.5:
                latin = self._part(rng, self.english, 2)
            words.insert(int(rng.integers(len(words) + 1)), latin)
        return " ".join(words)

    def _numbers(self, rng: np.random.Generator) -> str:
        digits = _digits(rng, 6)
        hour, minute = 1 + rng.integers(12), rng.integers(60)
        day, month, year = 1 + rng.integers(28), 1 + rng.integers(12), 1990 + rng.integers(45)
        phone = f"01{_digits(rng, 1)}{rng.integers(10**8):08}"
        word = self._words(rng, 1)[0]
        month_name = _pick(rng, _MONTHS)
        unit = _pick(rng, _UNITS)
        number = _pick(rng, (
            f"{hour}:{minute:02}", f"{hour}:{minute:02} {_pick(rng, ('ص', 'م', 'صباحا', 'مساء'))}",
            f"{day}/{month}/{year}", f"{year}/{month:02}/{day:02}", f"{day}-{month}-{year}",
            f"{day} {month_name} {year}", f"{day} {month_name}", phone, f"+20{phone[1:]}",
            f"{digits} جنيه", f"{digits} ج.م", f"{digits}%", f"%{digits}", f"{digits}.{minute:02}",
            f"{digits} {word}", f"{word} {digits}", f"({digits}) {word}", f"{word}: {digits}",
            f"{digits[:3]},{phone[3:6]}", f"{digits} x {day}", f"{day} + {month} = {day + month}",
            digits, digits, f"{word} ({digits})", f"[{day}]", f"{day}. {word}", f"{day}) {word}",
            f"{year} - {year + 1}", f"{digits} {unit}",
            f"{day}.{minute % 10} {unit}", f"{day}°", f"#{word}_{digits}", f"{digits}$",
        ))  # fmt: skip
        script = rng.random()
        if script < 0.55:
            number = number.translate(_INDIC).replace("%", "٪").replace(",", "،")
        elif script < 0.60:
            number = number.translate(_PERSIAN)
        if rng.random() < 0.4:
            extra = " ".join(self._words(rng, 1 + int(rng.integers(3))))
            number = f"{number} {extra}" if rng.random() < 0.5 else f"{extra} {number}"
        return number

    def _dressed(self, rng: np.random.Generator, text: str) -> str:
        """Add what people put around and above words: punctuation, diacritics, hashtags."""
        chance = rng.random()
        if chance < 0.07:
            around = _pick(rng, ("()", "[]", '""', "«»", "{}", "--", "**"))
            text = f"{around[0]}{text}{around[1]}"
        elif chance < 0.22:
            text += _pick(rng, ("!", "!!", "؟", "..", "...", ".", "،", ":", "؛", "…", " !", "؟!"))
        elif chance < 0.25:
            text = _pick(rng, ("- ", "• ", "* ", "✓ ", "· ")) + text
        elif chance < 0.27:
            text = "#" + text.replace(" ", "_")
        if rng.random() < 0.13:
            text = vocalised(rng, text, dense=rng.random() < 0.55)
        elif rng.random() < 0.06:
            text = "".join(char for char in text if not "\u064b" <= char <= "\u0652")
        return text


def vocalised(rng: np.random.Generator, text: str, dense: bool) -> str:
    """Put random diacritics on the letters of a text that has none; they need not make sense."""
    if any("\u064b" <= char <= "\u0652" for char in text):
        return text
    out = []
    for char in text:
        out.append(char)
        if _LETTER.match(char) and rng.random() < (0.7 if dense else 0.12):
            if rng.random() < 0.2:
                out.append("\u0651")
            if rng.random() < 0.9:
                out.append(_MARKS[rng.choice(7, p=(0.05, 0.04, 0.04, 0.33, 0.18, 0.2, 0.16))])
    return clean("".join(out))


def spaced(rng: np.random.Generator, text: str) -> str:
    """Widen the gaps between the words, as in tables and menus."""
    return re.sub(" ", lambda _: " " * int(1 + rng.integers(6)), text)


def stretched(rng: np.random.Generator, text: str) -> str:
    """Lengthen some joined letters by kashida, as calligraphers and banners do."""
    out = []
    for char, following in zip(text, text[1:] + " ", strict=True):
        out.append(char)
        if char in _JOINING and _LETTER.match(following) and rng.random() < 0.15:
            out.append(_KASHIDA * int(1 + rng.integers(4)))
    return "".join(out)


def runs_of(line: str) -> set[str]:
    """Return every run of three words of a line."""
    words = line.split()
    return {
        " ".join(words[index : index + _SHARED_WORDS])
        for index in range(len(words) - _SHARED_WORDS + 1)
    }


def _digits(rng: np.random.Generator, most: int) -> str:
    return "".join(str(rng.integers(10)) for _ in range(1 + rng.integers(most)))


def _pick(rng: np.random.Generator, items: Sequence[_T]) -> _T:
    return items[int(rng.integers(len(items)))]


@lru_cache(maxsize=1)
def _own_phrases() -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / "phrases.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            kinds[line.strip("[]")] = []
        elif line and not line.startswith("#"):
            kinds[list(kinds)[-1]].append(line)
    return kinds


def _site() -> list[Path]:
    return [Path(folder) for folder in sys.path if folder.endswith("site-packages")]


def _catalogues() -> list[str]:
    """Return the Arabic messages of the Python packages on this machine (Django, WTForms …)."""
    found: set[str] = set()
    for site in _site():
        for path in sorted(site.glob("**/locale/ar*/LC_MESSAGES/*.mo")):
            with path.open("rb") as file:
                catalogue = gettext.GNUTranslations(file)
            messages = catalogue._catalog.values()  # type: ignore[attr-defined]
            found |= {re.sub(r"%\(?\w*\)?[sd]|\{\w*\}|<[^>]+>", "", m) for m in messages if m}
    return sorted(line for text in found for line in text.splitlines() if _ARABIC.search(line))


def _locale_words() -> list[str]:
    """Return the names of countries, languages, months and currencies that Babel knows."""
    try:
        from babel import Locale
    except ImportError:
        return []
    locale = Locale("ar", "EG")
    tables = (locale.territories, locale.languages, locale.currencies, locale.scripts)
    words = {str(name) for table in tables for name in table.values()}
    words |= {str(name) for widths in locale.months.values() for table in widths.values()
              for name in table.values()}  # fmt: skip
    words |= {str(name) for widths in locale.days.values() for table in widths.values()
              for name in table.values()}  # fmt: skip
    return sorted(word for word in words if _ARABIC.search(word))


def foreign_words() -> dict[str, list[str]]:
    """Return words in scripts that the network must not read, by Babel's name of a language."""
    from babel import Locale

    found = {}
    for language in FOREIGN:
        locale = Locale(language)
        tables = (locale.territories, locale.languages, locale.currencies)
        names = (str(name) for table in tables for name in table.values())
        found[language] = sorted({name for name in names if not _KNOWN.intersection(name) - {" "}})
    return found


FOREIGN = ("ru", "uk", "el", "he", "hi", "bn", "ta", "th", "ka", "hy", "am", "zh", "ja", "ko")
"""Languages in other scripts, as Babel names them."""


def _dictionary() -> list[str]:
    """Return the Arabic word forms of simplemma's dictionary."""
    from simplemma.strategies.dictionaries import DefaultDictionaryFactory

    forms = DefaultDictionaryFactory().get_dictionary("ar")
    return sorted(word for word in forms if len(word) > 1 and _ARABIC.match(word))


def _names() -> list[str]:
    """Return Arabic names, jobs and companies that Faker knows, else a few of our own."""
    try:
        from faker import Faker
    except ImportError:
        return ["محمد", "أحمد", "فاطمة", "مريم", "يوسف", "عمر", "سارة", "محمود", "نور", "خالد"]
    found: set[str] = set()
    for name in ("ar_AA", "ar_EG", "ar_SA", "ar_PS"):
        fake = Faker(name)
        fake.seed_instance(0)
        for _ in range(1500):
            found |= {fake.first_name(), fake.last_name(), fake.job(), fake.name()}
    return sorted(found)


_UNITS = "م.ب ج.ب ك.ب ميجا كم كجم متر سم مم لتر دقيقة ساعة يوم ريال درهم دينار ج.م".split()
_MONTHS = (
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر محرم صفر رجب شعبان "
    "رمضان شوال"
).split()


def banned_lines(shared: Path) -> list[str]:
    """Return every line of the test sets in ``shared/gold/ocr``."""
    import json

    rendered = json.loads((shared / "gold/ocr/rendered/lines.json").read_text("utf-8"))
    screens = json.loads((shared / "gold/ocr/screenshots/lines.json").read_text("utf-8"))
    lines = [line["text"] for page in rendered for line in page["lines"]]
    return [*lines, *(text for texts in screens.values() for text in texts)]
