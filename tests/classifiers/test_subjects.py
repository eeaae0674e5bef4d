"""What words are about: the lists can be met, the counts are right, a model keeps its own lists."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import TableEncoder, TabularClassifier
from classifiers.phrases import LANGUAGES, say
from classifiers.subjects import Subjects, known_subjects
from classifiers.table import WORD_COLUMNS
from classifiers.topics import part_of, phrase_of, topic_of
from epic_features.frame import to_pandas
from epic_features.text import arabic, english
from epic_features.text.script import Script, script_of

SUBJECTS = {"sea": ["beach", "بحر", "wave"], "home": ["wave", "chair"]}

rows = st.lists(
    st.none() | st.lists(st.sampled_from(["beach", "بحر", "wave", "chair", "other"]), max_size=7),
    max_size=9,
)


def lemmas(word):
    if script_of(word) is Script.ARABIC:
        return arabic.lemmatize([word])
    return english.segment_and_lemmatize([word])


def with_words(table, english_words, arabic_words):
    for name, values in zip(WORD_COLUMNS, (english_words, arabic_words), strict=True):
        place = table.column_names.index(name)
        table = table.set_column(place, table.schema.field(name), [values])
    return table


@pytest.fixture(scope="module")
def worded(three):
    """Greetings, chats in Arabic, no words, no word column; the rest is as it was."""
    table, labels = three
    found, read = (table[name].to_pylist() for name in WORD_COLUMNS)
    found[:4] = [["happy", "birthday", "cake", "happy"], [], [], None]
    read[:4] = [None, ["رسالة", "دردشة"], [], None]
    return with_words(table, found, read), labels


@pytest.mark.parametrize("subject", known_subjects().words)
def test_every_word_of_the_lists_can_be_met(subject):
    """Words of a table are lemmas: what is no lemma of itself would never be counted."""
    words = known_subjects().words[subject]
    assert [word for word in words if word not in lemmas(word)] == []
    assert len(set(words)) == len(words)
    assert {script_of(word) for word in words} == {Script.ARABIC, Script.LATIN}


def test_subjects_are_a_few_and_can_be_named():
    subjects = known_subjects()
    assert 5 <= len(subjects.words) <= 12
    for language in LANGUAGES:
        phrases = {say(language, f"subject {name}", count=3) for name in subjects.words}
        assert len(phrases) == len(subjects.words)


@given(rows)
def test_counts_and_shares_are_those_of_counting_one_by_one(words):
    found = Subjects(SUBJECTS).transform(words)
    assert found.shape == (len(words), 4)
    for row, numbers in zip(words, found, strict=True):
        if row is None:
            assert np.isnan(numbers).all()
            continue
        for place, known in enumerate(SUBJECTS.values()):
            count = 0
            for word in row:
                count += word in known
            assert numbers[place] == pytest.approx(math.log(1 + count))
            share = count / len(row) if row else math.nan
            assert numbers[2 + place] == pytest.approx(share, nan_ok=True)


def test_the_encoder_gives_them(worded):
    table, _ = worded
    encoder = TableEncoder(words=5).fit(table)
    matrix, names = encoder.transform(table), encoder.feature_names_.tolist()

    def feature(name):
        return matrix[:4, names.index(name)].tolist()

    nan = math.nan
    counts, shares = feature("subject:greeting"), feature("subject_share:greeting")
    assert counts == pytest.approx([math.log(4), 0, 0, nan], nan_ok=True)
    assert shares == pytest.approx([0.75, 0, nan, nan], nan_ok=True)
    assert feature("subject:chat") == pytest.approx([0, math.log(3), 0, nan], nan_ok=True)
    assert feature("subject_share:chat") == pytest.approx([0, 1, nan, nan], nan_ok=True)
    assert np.array_equal(encoder.transform(to_pandas(table)), matrix, equal_nan=True)
    own = [name for name in names if name.startswith("subject")]
    assert own == known_subjects().feature_names
    assert {topic_of(name) for name in own} == {part_of(name) for name in own} == {"words"}


def test_without_words_there_are_no_subjects(worded):
    table, _ = worded
    for encoder in (TableEncoder(words=0), TableEncoder(columns=("width", "dominant_color_1"))):
        names = encoder.fit(table).feature_names_
        assert not [name for name in names if name.startswith("subject")]
    # They need no vocabulary, but the columns of words.
    rare = TableEncoder(columns=WORD_COLUMNS, min_images=10_000).fit(table)
    assert rare.feature_names_.tolist() == known_subjects().feature_names
    assert rare.columns_used_ == list(WORD_COLUMNS)
    assert rare.transform(table).shape == (len(table), len(rare.feature_names_))


def test_an_encoder_keeps_the_lists_it_was_fitted_with(worded):
    table, _ = worded
    encoder = TableEncoder(words=5).fit(table)
    learned = json.loads(json.dumps(encoder.to_dict()))
    again = TableEncoder().restore(learned)
    assert np.array_equal(again.transform(table), encoder.transform(table), equal_nan=True)
    learned["subjects"] = {"party": ["cake"]}
    other = TableEncoder().restore(learned)
    found = other.transform(table)[0, list(other.feature_names_).index("subject:party")]
    assert found == pytest.approx(math.log(2))
    assert not [name for name in other.feature_names_ if name.endswith(":greeting")]


def test_a_model_saved_with_them_gives_the_same_answers(lightgbm, worded, quick, tmp_path):
    table, labels = worded
    model = TabularClassifier(**quick).fit(table, labels)
    model.save(tmp_path)
    again = TabularClassifier.load(tmp_path)
    assert again.encoder_.subjects_.words == known_subjects().words
    assert np.array_equal(again.predict_proba(table), model.predict_proba(table))


@pytest.mark.parametrize(
    ("english_words", "arabic_words", "phrases"),
    [
        (["happy", "birthday", "cake"], None, ("words of a greeting (2)", "كلمات تهنئة (2)")),
        ([], ["رسالة", "دردشة", "بحر"], ("words of a chat (2)", "كلمات محادثة (2)")),
        (["birthday"], ["عيد"], ("words of a greeting (2)", "كلمات تهنئة (2)")),
        (["birthday", "cake"], [], ("its words (9)", "كلماتها (9)")),  # One word says little,
        (["happy", "birthday"] + ["cake"] * 19, [], ("its words (9)", "كلماتها (9)")),  # so here.
    ],
)
def test_a_reason_says_what_the_words_are_about(english_words, arabic_words, phrases):
    row = dict(zip(WORD_COLUMNS, (english_words, arabic_words), strict=True))
    row |= {"total_lines_of_text_count": 3, "en_words_original": ["x"] * 9}
    assert tuple(phrase_of("words", row, language) for language in LANGUAGES) == phrases
    as_arrays = {k: np.array(v, object) if isinstance(v, list) else v for k, v in row.items()}
    assert phrase_of("words", as_arrays) == phrases[0]
