"""The networks of the seed in PyTorch: a small trunk, metadata beside it, and heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

EMBEDDING = "embedding"


class Network(nn.Module):
    """A plain convolutional network with one or several heads.

    Four blocks (convolution 3 x 3, batch normalisation, ReLU, pooling by 2), the first one strided
    as well, and the mean over what is left of the picture. Metadata, if there are any, are joined
    to that before the dense layer whose output is the embedding. With its defaults and ten classes
    it has 115 thousand parameters.

    Parameters
    ----------
    heads : mapping of str to int
        How many numbers each head gives.
    width : int
        Channels of the first block; each further one has twice as many.
    embedding : int
        Length of the embedding.
    metadata : int
        How many numbers are known beside the pixels.
    dropout : float
        Share of the embedding that is hidden from the heads while training.
    """

    def __init__(
        self,
        heads: Mapping[str, int],
        *,
        width: int = 16,
        embedding: int = 128,
        metadata: int = 0,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.metadata = metadata
        channels = [3, width, 2 * width, 4 * width, 8 * width]
        self.trunk = nn.Sequential(
            *(
                _block(channels[k], channels[k + 1], stride=2 if k == 0 else 1)
                for k in range(len(channels) - 1)
            )
        )
        self.dense = nn.Linear(channels[-1] + metadata, embedding)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict({name: nn.Linear(embedding, n) for name, n in heads.items()})

    def forward(self, pixels: Tensor, metadata: Tensor | None = None) -> dict[str, Tensor]:
        """Return the embedding and what each head makes of it.

        Parameters
        ----------
        pixels : Tensor of float32, shape (n, 3, side, side)
            Values from -1 to 1; the side is at least 32.
        metadata : Tensor of float32, shape (n, m), optional
            Needed when the network was made for metadata.
        """
        found = self.trunk(pixels).mean((2, 3))
        if metadata is not None:
            found = torch.cat([found, metadata.to(found.dtype)], dim=1)
        embedding = torch.relu(self.dense(found))
        shown = self.dropout(embedding)
        return {
            EMBEDDING: embedding,
            **{name: head(shown) for name, head in self.heads.items()},
        }


class Exported(nn.Module):
    """A network whose outputs come in a fixed order, as ONNX wants them.

    Parameters
    ----------
    network : Network
        What is run.
    outputs : sequence of str
        Names of the outputs.
    """

    def __init__(self, network: Network, outputs: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.outputs = tuple(outputs)

    def forward(self, pixels: Tensor, metadata: Tensor | None = None) -> tuple[Tensor, ...]:
        """Return the outputs in their order."""
        found = self.network(pixels, metadata)
        return tuple(found[name] for name in self.outputs)


def count_parameters(network: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(parameter.numel() for parameter in network.parameters())


def _block(inputs: int, outputs: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )
