"""The networks of the seed: pixels alone (VCNN), with metadata (MCNN), in two levels (HCNN)."""

from classifiers.hcnn import HCNN
from classifiers.mcnn import MCNN
from classifiers.vcnn import VCNN

__all__ = ["HCNN", "MCNN", "VCNN"]
