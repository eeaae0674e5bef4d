"""A model of the feature table and of what networks make of the picture."""

from __future__ import annotations

from collections.abc import Sequence

from classifiers.fusion_encoding import FusionEncoder
from classifiers.tabular import TabularClassifier


class FusionClassifier(TabularClassifier):
    """Classifies images by their feature table and by what a network makes of them.

    A `TabularClassifier` whose table has the column ``embedding`` (``epic extract --embed``), with
    the same calibration, guarantee, explanations (the embedding is one topic) and files. What is
    learned of the embedding is learned inside the folds. A table with the embedding of another
    network than the one trained with is refused by its checksum. If the fitted table has the column
    ``writing`` too, the same is done with it, apart, and it is needed from then on; a picture
    without text has none, which then says nothing.

    Parameters
    ----------
    mode : str
        ``"pca"`` puts principal components of the embedding beside the metadata, ``"stack"`` the
        class probabilities of a logistic regression on it; see `FusionEncoder`. With ``"product"``
        the trees see the metadata alone, and what a regression on each column of lists says beyond
        the shares of the classes is a part of its own (the product rule of Kittler et al. 1998, in
        logarithms: the priors count once, whatever the number of parts).
    n_components : int
        Principal components of each column of lists with ``mode="pca"``.
    columns : sequence of str, optional
        See `TableEncoder`; an empty one leaves the columns of lists alone.
    words, learning_rate, num_leaves, max_rounds, patience, min_images, column_share, class_weight,
    priors, protect, folds, random_state, n_jobs
        As for `TabularClassifier`; `folds` and `random_state` also make the folds of the logistic
        regression.

    Attributes
    ----------
    encoder_ : FusionEncoder
        Turns tables into numbers. The other attributes are those of `TabularClassifier`.

    Examples
    --------
    >>> model = FusionClassifier("stack").fit(table, table["class"])  # doctest: +SKIP
    >>> model.predict_proba(table).shape  # doctest: +SKIP
    (2110, 10)
    """

    kind = "fusion"

    def __init__(
        self,
        mode: str = "stack",
        n_components: int = 32,
        *,
        columns: Sequence[str] | None = None,
        words: int = 200,
        learning_rate: float = 0.08,
        num_leaves: int = 7,
        max_rounds: int = 250,
        patience: int = 40,
        min_images: int = 10,
        column_share: float = 0.3,
        class_weight: str | dict[str, float] | None = None,
        priors: str | None = None,
        protect: Sequence[str] = (),
        folds: int = 5,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        super().__init__(
            columns=columns,
            words=words,
            learning_rate=learning_rate,
            num_leaves=num_leaves,
            max_rounds=max_rounds,
            patience=patience,
            min_images=min_images,
            column_share=column_share,
            class_weight=class_weight,
            priors=priors,
            protect=protect,
            folds=folds,
            random_state=random_state,
            n_jobs=n_jobs,
        )
        self.mode = mode
        self.n_components = n_components

    def _new_encoder(self) -> FusionEncoder:
        return FusionEncoder(
            mode=self.mode,
            n_components=self.n_components,
            columns=self.columns,
            words=self.words,
            folds=self.folds,
            random_state=self.random_state,
        )
