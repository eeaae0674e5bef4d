"""What is said in Arabic is what is said in English."""

import re
from string import Formatter

import pytest

from classifiers import phrases
from classifiers.phrases import LANGUAGES, arabic_form, say
from classifiers.topics import phrase_of
from epic_features import SettingsError

# CLDR 45, the examples of the plural rules of Arabic for whole numbers.
CLDR = {
    "zero": (0,),
    "one": (1,),
    "two": (2,),
    "few": (3, 4, 5, 6, 7, 8, 9, 10, 103, 110, 1003),
    "many": (11, 12, 26, 99, 111, 1011),
    "other": (100, 101, 102, 200, 300, 1000, 10_000, 100_000),
}


def fields(wording):
    texts = [wording] if isinstance(wording, str) else wording.values()
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def test_every_phrase_has_an_arabic_one_that_says_the_same():
    english, arabic = phrases._WORDINGS["en"], phrases._WORDINGS["ar"]
    assert set(english) <= set(arabic)
    for key, wording in english.items():
        assert fields(arabic[key]) == fields(wording), key
        assert isinstance(arabic[key], str) == isinstance(wording, str), key
    for key, wording in arabic.items():
        if key == "amount":  # Made of other phrases.
            continue
        texts = [wording] if isinstance(wording, str) else wording.values()
        for text in texts:
            assert re.search("[\u0621-\u064a]", text), key
            assert not re.search("[A-Za-z]{2}", re.sub(r"\{.*?\}", "", text)), key


def test_arabic_plurals():
    for form, numbers in CLDR.items():
        assert {arabic_form(number) for number in numbers} == {form}


@pytest.mark.parametrize(
    ("count", "english", "arabic"),
    [
        (0, "no face", "لا وجوه"),
        (1, "one face", "وجه واحد"),
        (2, "2 faces", "وجهان"),
        (3, "3 faces", "3 وجوه"),
        (11, "11 faces", "11 وجهًا"),
        (100, "100 faces", "100 وجه"),
    ],
)
def test_a_number_of_faces(count, english, arabic):
    row = {"total_faces_count": count}
    assert phrase_of("faces", row) == phrase_of("faces", row, "en") == english
    assert phrase_of("faces", row, "ar") == arabic


def test_figures_are_the_same_in_both():
    row = {"total_lines_of_text_count": 20, "text_to_image_ratio": 0.41, "aspect_ratio": 0.5}
    for topic in ("amount of text", "shape"):
        told = [re.findall(r"[\d.]+", phrase_of(topic, row, language)) for language in LANGUAGES]
        assert told[0] == told[1]


def test_an_unknown_topic_and_an_unknown_language():
    assert phrase_of("zebra", {}) == "other"
    with pytest.raises(SettingsError, match="en, ar"):
        say("tlh", "square")
