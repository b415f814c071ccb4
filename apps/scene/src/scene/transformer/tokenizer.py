"""Words of a caption as numbers.

Built from captions the tokenizer has a vocabulary, which is saved with the model; words outside
it are known to be unknown, so that a person can be told. Constructed bare it hashes words by
CRC-32, which is the same in every process and on every machine (unlike Python's `hash`).
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

PAD, UNKNOWN = 0, 1
SPECIAL = 2  # ids below this are not words
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def split_words(text: str) -> list[str]:
    """Lower-case words of a text, in order; digits count, punctuation does not."""
    return WORD.findall(text.lower().replace("’", "'"))


class SimpleTokenizer:
    """Text to word ids: 0 pads, 1 is an unknown word, words start at 2.

    - `vocab_size`: upper bound of the ids;
    - `max_length`: longer captions lose their end;
    - `vocabulary`: the words by id from 2 on; None hashes.
    """

    def __init__(
        self,
        vocab_size: int = 1000,
        max_length: int = 128,
        vocabulary: Sequence[str] | None = None,
    ) -> None:
        self.vocab_size = vocab_size
        self.max_length = max_length
        self.vocabulary = None if vocabulary is None else list(vocabulary)
        self._ids = {word: SPECIAL + i for i, word in enumerate(self.vocabulary or [])}
        if self.vocabulary is not None and len(self.vocabulary) > vocab_size - SPECIAL:
            raise ValueError(f"{len(self.vocabulary)} words do not fit vocab_size {vocab_size}")

    @classmethod
    def from_captions(
        cls, captions: Iterable[str], vocab_size: int = 1000, max_length: int = 128
    ) -> "SimpleTokenizer":
        """A tokenizer of the most frequent words (ties by alphabet) of `captions`."""
        counts = Counter(word for caption in captions for word in split_words(caption))
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(vocab_size, max_length, ranked[: vocab_size - SPECIAL])

    def encode(self, text: str, pad: bool = False) -> list[int]:
        """Ids of the words, at most `max_length`; with `pad` exactly that many."""
        ids = [self._id(word) for word in split_words(text)][: self.max_length]
        if pad:
            ids += [PAD] * (self.max_length - len(ids))
        return ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of several texts, padded to the longest of them (at least one column)."""
        rows = [self.encode(text) for text in texts]
        width = max([1, *map(len, rows)])
        return [row + [PAD] * (width - len(row)) for row in rows]

    def unknown_words(self, text: str) -> list[str]:
        """Words of `text` that the vocabulary lacks, in order, each once; none if hashing."""
        if self.vocabulary is None:
            return []
        return list(dict.fromkeys(w for w in split_words(text) if self._id(w) == UNKNOWN))

    def _id(self, word: str) -> int:
        if self.vocabulary is None:
            return SPECIAL + zlib.crc32(word.encode()) % (self.vocab_size - SPECIAL)
        # Captions say "tree" or "trees" as they need; either finds the other.
        for form in (word, word.removesuffix("s"), f"{word}s"):
            if form in self._ids:
                return self._ids[form]
        return UNKNOWN
