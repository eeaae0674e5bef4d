"""HCNN: a network that asks for many or few colours first, and then for the class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import softmax
from classifiers.vcnn import VCNN, Floats, Pixels

if TYPE_CHECKING:
    from torch import Tensor


class HCNN(VCNN):
    """A `VCNN` that first asks whether a picture has many or few colours, and then for the class.

    The classes are divided by the pictures trained on: those with fewer colours in the median than
    the median class have few. There is a head for the level and one for the classes at each level;
    the probability of a class is their mixture, by the probability of the levels, and that is
    what is trained, along with the level.

    Parameters
    ----------
    width, embedding, epochs, batch_size, learning_rate, patience, augmentation, half, class_weight,
    checkpoint, on_epoch, random_state
        As for `VCNN`.

    Attributes
    ----------
    few_colors_ : tuple of str
        The classes with few colours. The other attributes are those of `VCNN`.
    """

    kind = "hcnn"

    def _heads(self, classes: int) -> dict[str, int]:
        return {"level": 2, "few": classes, "many": classes}

    def _targets(self, codes: NDArray[np.intp], pixels: Pixels) -> dict[str, NDArray[Any]]:
        counts = np.array([_count_colors(picture) for picture in pixels])
        middles = np.array([np.median(counts[codes == k]) for k in range(len(self.classes_))])
        many = middles >= np.median(middles)
        self.few_colors_ = tuple(str(name) for name in self.classes_[~many])
        return {**super()._targets(codes, pixels), "level": many[codes].astype(np.int64)}

    def _loss(self, outputs: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Tensor:
        import torch
        from torch.nn.functional import cross_entropy, log_softmax, nll_loss

        level = log_softmax(outputs["level"], dim=1)
        classes = torch.stack([log_softmax(outputs[name], dim=1) for name in ("few", "many")], 1)
        mixed = torch.logsumexp(level[:, :, None] + classes, dim=1)
        return nll_loss(mixed, targets["class"], reduction="none") + cross_entropy(
            outputs["level"], targets["level"], reduction="none"
        )

    def _log_odds(self, outputs: Mapping[str, NDArray[np.float32]]) -> Floats:
        level, few, many = (
            softmax(outputs[name].astype(np.float64)) for name in ("level", "few", "many")
        )
        return np.log(np.maximum(level[:, :1] * few + level[:, 1:] * many, 1e-12))


def _count_colors(picture: Pixels) -> int:
    """Return how many colours of 4 bits a channel a picture has."""
    coarse = (picture >> 4).astype(np.int32)
    return len(np.unique(coarse[..., 0] << 8 | coarse[..., 1] << 4 | coarse[..., 2]))
