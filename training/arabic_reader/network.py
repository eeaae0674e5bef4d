"""The network: convolutions down to one row, a mixer along the line, one recurrent layer."""

from __future__ import annotations

from torch import Tensor, nn

from epic_features.text.arabic_line import HEIGHT, STRIDE

_SYMBOLS_A_STEP = 2


class LineNetwork(nn.Module):
    """Reads a grey line, trained by connectionist temporal classification.

    Input (batch, 1, 40, width) in [-1, 1], dark letters positive; output (batch, width / 2,
    symbols + 1) logits, the blank first. Every step of 4 pixels gives two symbols, because a
    vocalised letter is two or three symbols in the width of one.

    Parameters
    ----------
    symbols : int
        Number of symbols without the blank.
    channels : tuple of int
        Of the three convolution blocks.
    width : int
        Of the mixer.
    mixers : int
        Number of mixer blocks.
    hidden : int
        Of the recurrent layer, in each direction.
    """

    def __init__(
        self,
        symbols: int,
        channels: tuple[int, int, int] = (32, 64, 112),
        width: int = 176,
        mixers: int = 4,
        hidden: int = 144,
    ) -> None:
        super().__init__()
        first, second, third = channels
        self.trunk = nn.Sequential(
            _convolution(1, first, stride=(2, 2)),
            _convolution(first, second, stride=(2, 2)),
            _convolution(second, second),
            _convolution(second, third, stride=(2, 1)),
            _convolution(third, third),
        )
        self.fold = nn.Conv2d(third, width, (HEIGHT // 8, 1))
        self.mixers = nn.ModuleList([_Mixer(width) for _ in range(mixers)])
        self.recurrent = nn.LSTM(width, hidden, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(2 * hidden, _SYMBOLS_A_STEP * (symbols + 1))
        self._classes = symbols + 1

    def forward(self, lines: Tensor) -> Tensor:
        """Return the logits of every half step."""
        steps = self.fold(self.trunk(lines)).squeeze(2)
        for mixer in self.mixers:
            steps = mixer(steps)
        states, _ = self.recurrent(steps.transpose(1, 2))
        logits = self.head(self.dropout(states))
        return logits.reshape(logits.shape[0], -1, self._classes)


class _Mixer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(width, width, 7, padding=3, groups=width),
            nn.BatchNorm1d(width),
            nn.Conv1d(width, 2 * width, 1),
            nn.SiLU(),
            nn.Conv1d(2 * width, width, 1),
        )

    def forward(self, steps: Tensor) -> Tensor:
        return steps + self.layers(steps)


def _convolution(inputs: int, outputs: int, stride: tuple[int, int] = (1, 1)) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.SiLU()
    )


def steps_of(width: int) -> int:
    """Return the number of outputs for an input of this width."""
    return _SYMBOLS_A_STEP * (width // STRIDE)
