"""Chance, with a memory."""

from __future__ import annotations

from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


class Dice(Random):
    """Random numbers from a seed, and decks of cards.

    Left to plain chance, two dozen pictures would show the same conversation three times.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._decks: dict[tuple[Any, ...], list[Any]] = {}

    def deal(self, cards: tuple[T, ...]) -> T:
        """Return a card at random; none comes twice before all have come once."""
        deck = self._decks.setdefault(cards, [])
        if not deck:
            deck += self.sample(cards, len(cards))
        card: T = deck.pop()
        return card
