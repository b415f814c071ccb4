"""Words to ids: stable, saved, and honest about what is unknown."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scene.transformer import SimpleTokenizer

CAPTIONS = ["A dark forest", "a castle on a hill", "pine trees by the sea"]


def test_bare_tokenizer_hashes_alike_in_every_process():
    code = "from scene.transformer import SimpleTokenizer as T; print(T().encode('a castle'))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(SimpleTokenizer().encode("a castle"))


@given(st.text())
def test_ids_stay_in_range_and_length(text):
    tokenizer = SimpleTokenizer(vocab_size=50, max_length=6)
    ids = tokenizer.encode(text, pad=True)
    assert len(ids) == 6
    assert all(0 <= i < 50 for i in ids)
    assert len(tokenizer.encode(text)) <= 6


def test_built_vocabulary_gives_each_word_its_own_id():
    tokenizer = SimpleTokenizer.from_captions(CAPTIONS)
    words = {w for caption in CAPTIONS for w in caption.lower().split()}
    ids = {tokenizer.encode(word)[0] for word in words}
    assert len(ids) == len(words)
    assert 0 not in ids
    assert 1 not in ids


def test_a_saved_vocabulary_restores_the_ids():
    first = SimpleTokenizer.from_captions(CAPTIONS)
    again = SimpleTokenizer(1000, 128, first.vocabulary)
    assert again.encode("A castle by the SEA!") == first.encode("a castle by the sea")


def test_unknown_words_are_named_once_each():
    tokenizer = SimpleTokenizer.from_captions(CAPTIONS)
    assert tokenizer.unknown_words("a purple Castle, purple zeppelin") == ["purple", "zeppelin"]
    assert tokenizer.encode("zeppelin") == [1]


def test_singular_and_plural_find_each_other():
    tokenizer = SimpleTokenizer.from_captions(CAPTIONS)
    assert tokenizer.encode("castles tree") == tokenizer.encode("castle trees")


def test_only_the_most_frequent_words_are_kept():
    tokenizer = SimpleTokenizer.from_captions(["a a a b b c"], vocab_size=4)
    assert tokenizer.vocabulary == ["a", "b"]


def test_a_vocabulary_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="do not fit"):
        SimpleTokenizer(vocab_size=3, vocabulary=["a", "b"])


def test_batches_are_padded_to_their_longest():
    rows = SimpleTokenizer.from_captions(CAPTIONS).encode_batch(["forest", "dark forest", ""])
    assert [len(row) for row in rows] == [2, 2, 2]
    assert rows[2] == [0, 0]
