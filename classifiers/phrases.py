"""What is said of a picture, in English and in Arabic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from epic_features.errors import SettingsError

LANGUAGES = ("en", "ar")

Wording: TypeAlias = str | Mapping[str, str]
"""A template, or one for each plural category of Unicode (CLDR) that the language has."""


def say(language: str, key: str, /, **values: Any) -> str:
    """Return a phrase.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.
    key : str
        Of the phrase.
    **values
        What the phrase mentions; ``count`` decides between singular and plural.

    Raises
    ------
    SettingsError
        The language is not known.
    """
    if language not in _WORDINGS:
        raise SettingsError(
            f"language={language!r} is not known; choose from: {', '.join(LANGUAGES)}"
        )
    wording = _WORDINGS[language][key]
    if not isinstance(wording, str):
        form = _PLURAL[language](values["count"])
        wording = wording.get(form) or wording["other"]
    return wording.format(**values)


def english_form(count: int) -> str:
    """Return the plural category of an English number."""
    return "one" if count == 1 else "other"


def arabic_form(count: int) -> str:
    """Return the plural category of an Arabic number, by the rules of CLDR."""
    if count < 3:
        return ("zero", "one", "two")[count]
    last = count % 100
    return "few" if 3 <= last <= 10 else "many" if last >= 11 else "other"


_PLURAL = {"en": english_form, "ar": arabic_form}

_ENGLISH: dict[str, Wording] = {
    "shape": "shape",
    "tall": "tall like a phone screen (1 : {ratio:.1f})",
    "upright": "upright (1 : {ratio:.1f})",
    "square": "square",
    "wide": "wide ({ratio:.1f} : 1)",
    "faces not looked for": "faces not looked for",
    "no face": "no face",
    "faces": {"one": "one face", "other": "{count} faces"},
    "faces and share": "{faces} ({share:.0%} of the picture)",
    "text not looked for": "text not looked for",
    "no text": "no text",
    "a lot of text": "a lot of text",
    "some text": "some text",
    "little text": "little text",
    "amount": "{words} ({share:.0%}, {lines})",
    "lines": {"one": "{count} line", "other": "{count} lines"},
    "other letters": "no Arabic or Latin letters",
    "both letters": "Arabic and Latin letters",
    "arabic letters": "Arabic letters",
    "latin letters": "Latin letters",
    "unreadable": "letters that can't be read",
    "clear": "clear letters",
    "hard to read": "letters that are hard to read",
    "clock_times_count": "times of day ({count})",
    "handles_count": "@names or #topics ({count})",
    "addresses_count": "web addresses ({count})",
    "prices_count": "prices or percentages ({count})",
    "list_marks_count": "list marks ({count})",
    "math_digits_or_symbols_count": "digits or maths symbols ({count})",
    "no signs": "no digits or signs",
    "tilted": "tilted lines ({tilt:.0f}°)",
    "many sizes": "letters of many sizes",
    "setting": "the way the lines are set",
    "at the top": "lines at the top",
    "at the foot": "lines at the foot",
    "evenly set": "lines evenly set",
    "ground": "the ground of the text",
    "plain grounds": {
        "one": "text on a plain ground",
        "other": "text on {count} plain grounds",
    },
    "no plain ground": "text on a picture or on paper",
    "one colour": "one colour covers {share:.0%}",
    "flat colours": "a few flat colours",
    "many colours": "many colours",
    "colours": "the colours",
    "light": "light",
    "bright": "bright",
    "dark": "dark",
    "medium light": "medium light",
    "surface": "the surface",
    "flat surface": "clean, flat surface ({share:.0%})",
    "natural texture": "natural texture",
    "skin": "skin colours",
    "skin and share": "skin colours ({share:.0%})",
    "words": "its words ({count})",
    "no words": "no words",
    "subject chat": "words of a chat ({count})",
    "subject greeting": "words of a greeting ({count})",
    "subject prayer": "words of a prayer ({count})",
    "subject advert": "words of an advertisement ({count})",
    "subject post": "words of a social media post ({count})",
    "subject device": "words of a phone's menus ({count})",
    "subject study": "words of a lesson ({count})",
    "subject joke": "words of a joke ({count})",
    "top to bottom": "how top and bottom differ",
    "camera": "camera details",
    "no camera": "no camera details",
    "file": "the file",
    "writing": "how its lines of text look",
    "embedding": "its look as a whole",
    "looks academicDigital": "looks like a page or a slide",
    "looks academicPhotos": "looks like photographed notes",
    "looks animated": "looks like a drawing",
    "looks eGreetingAndMisc": "looks like a card or a flyer",
    "looks fSocialMedia": "looks like a post",
    "looks fTxtMssgs": "looks like a chat",
    "looks fmemes": "looks like a meme",
    "looks personalPhotos": "looks like a photo",
    "looks screenshotsMisc": "looks like a screenshot",
    "looks selfies": "looks like a selfie",
    "other": "other",
}

# A picture is feminine in Arabic.
_ARABIC: dict[str, Wording] = {
    "shape": "الشكل",
    "tall": "طويلة كشاشة الهاتف (1 : {ratio:.1f})",
    "upright": "عمودية (1 : {ratio:.1f})",
    "square": "مربعة",
    "wide": "عريضة ({ratio:.1f} : 1)",
    "faces not looked for": "لم يُبحث عن وجوه",
    "no face": "لا وجوه",
    "faces": {
        "one": "وجه واحد",
        "two": "وجهان",
        "few": "{count} وجوه",
        "many": "{count} وجهًا",
        "other": "{count} وجه",
    },
    "faces and share": "{faces} ({share:.0%} من الصورة)",
    "text not looked for": "لم يُبحث عن نص",
    "no text": "لا نص",
    "a lot of text": "نص كثير",
    "some text": "بعض النص",
    "little text": "نص قليل",
    "amount": "{words} ({share:.0%}، {lines})",
    "lines": {
        "one": "سطر واحد",
        "two": "سطران",
        "few": "{count} أسطر",
        "many": "{count} سطرًا",
        "other": "{count} سطر",
    },
    "other letters": "لا حروف عربية ولا لاتينية",
    "both letters": "حروف عربية ولاتينية",
    "arabic letters": "حروف عربية",
    "latin letters": "حروف لاتينية",
    "unreadable": "حروف لا تُقرأ",
    "clear": "حروف واضحة",
    "hard to read": "حروف صعبة القراءة",
    "clock_times_count": "أوقات ({count})",
    "handles_count": "أسماء @ أو وسوم # ({count})",
    "addresses_count": "عناوين مواقع ({count})",
    "prices_count": "أسعار أو نسب مئوية ({count})",
    "list_marks_count": "علامات قوائم ({count})",
    "math_digits_or_symbols_count": "أرقام أو رموز رياضية ({count})",
    "no signs": "لا أرقام ولا رموز",
    "tilted": "أسطر مائلة ({tilt:.0f}°)",
    "many sizes": "حروف بأحجام كثيرة",
    "setting": "ترتيب الأسطر",
    "at the top": "أسطر في الأعلى",
    "at the foot": "أسطر في الأسفل",
    "evenly set": "أسطر موزعة بالتساوي",
    "ground": "خلفية النص",
    "plain grounds": {
        "one": "نص على خلفية سادة",
        "two": "نص على خلفيتين سادتين",
        "few": "نص على {count} خلفيات سادة",
        "many": "نص على {count} خلفية سادة",
        "other": "نص على {count} خلفية سادة",
    },
    "no plain ground": "نص على صورة أو ورق",
    "one colour": "لون واحد يغطي {share:.0%}",
    "flat colours": "ألوان قليلة مسطحة",
    "many colours": "ألوان كثيرة",
    "colours": "الألوان",
    "light": "الإضاءة",
    "bright": "ساطعة",
    "dark": "داكنة",
    "medium light": "إضاءة متوسطة",
    "surface": "السطح",
    "flat surface": "سطح نظيف مستوٍ ({share:.0%})",
    "natural texture": "ملمس طبيعي",
    "skin": "ألوان البشرة",
    "skin and share": "ألوان البشرة ({share:.0%})",
    "words": "كلماتها ({count})",
    "no words": "لا كلمات",
    "subject chat": "كلمات محادثة ({count})",
    "subject greeting": "كلمات تهنئة ({count})",
    "subject prayer": "كلمات دعاء ({count})",
    "subject advert": "كلمات إعلان ({count})",
    "subject post": "كلمات منشور ({count})",
    "subject device": "كلمات قوائم الهاتف ({count})",
    "subject study": "كلمات درس ({count})",
    "subject joke": "كلمات نكتة ({count})",
    "top to bottom": "اختلاف أعلاها عن أسفلها",
    "camera": "بيانات الكاميرا",
    "no camera": "لا بيانات كاميرا",
    "file": "الملف",
    "writing": "مظهر أسطر النص فيها",
    "embedding": "مظهرها ككل",
    "looks academicDigital": "تشبه صفحة أو شريحة عرض",
    "looks academicPhotos": "تشبه ملاحظات مصوّرة",
    "looks animated": "تشبه رسم",
    "looks eGreetingAndMisc": "تشبه بطاقة أو إعلان",
    "looks fSocialMedia": "تشبه منشور",
    "looks fTxtMssgs": "تشبه محادثة",
    "looks fmemes": "تشبه ميم",
    "looks personalPhotos": "تشبه صورة فوتوغرافية",
    "looks screenshotsMisc": "تشبه لقطة شاشة",
    "looks selfies": "تشبه سيلفي",
    "other": "غير ذلك",
    # The quick rules say these in English themselves.
    "bytes animated": "الملفات بهذا الطول رسوم في الغالب ({byte_length:,} بايت)",
    "bytes real": "الملفات بهذا الطول صور فوتوغرافية في الغالب ({byte_length:,} بايت)",
    "bilateral animated": "التنعيم لا يكاد يغيّر ألوانها ({bilateral_similarity:.4f})",
    "bilateral real": "التنعيم يغيّر ألوانها ({bilateral_similarity:.4f})",
    "colors animated": "تغطي ألوانها الـ512 الأكثر تكرارًا {top512_colors_ratio:.1%} منها",
    "colors real": "تغطي ألوانها الـ512 الأكثر تكرارًا {top512_colors_ratio:.1%} منها فقط",
}

_WORDINGS = {"en": _ENGLISH, "ar": _ARABIC}
