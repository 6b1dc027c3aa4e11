"""Embeddings: the vector that a network makes of a face, from its crop and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from varde.core.errors import VardeError
from varde.faces.crops import cut_chip, open_crop
from varde.faces.network import Network, PictureInput
from varde.faces.raw import Floats, Pixels


class Embedder:
    """Computes embeddings with one network, one face at a time, so that a face's embedding never depends on others."""

    def __init__(self, network: Network, given: PictureInput, dimensions: int) -> None:
        self._network = network
        self._given = given
        self.dimensions = dimensions

    def embed(self, crops: Sequence[bytes]) -> Floats:
        """Returns (N, D) float32: a unit row for each encoded crop.

        Raises:
            FormatError: if one of them is no crop.
        """
        rows = [self.embed_pixels(open_crop(crop)) for crop in crops]
        return np.array(rows, np.float32).reshape(-1, self.dimensions)

    def embed_pixels(self, crop: Pixels) -> Floats:
        """Returns the unit vector (D,) of one crop's pixels: the mean of the face and of its mirror image.

        Source: evaluations/face_embedding.md for what mirroring adds, and what it costs.
        """
        chip = cut_chip(crop, self._given.alignment, self._given.size_px)
        mirrored = np.ascontiguousarray(chip[:, ::-1])
        return scale_to_unit(scale_to_unit(self.run(chip)) + scale_to_unit(self.run(mirrored)))

    def run(self, chip: Pixels) -> Floats:
        """Returns what the network says of one aligned picture (size, size, 3) uint8 RGB, not brought to unit length.

        Raises:
            VardeError: if the network does not give the dimensions that its card states.
        """
        row = self._network.run({self._network.inputs[0]: self._given.make_blob([chip])})[0].reshape(-1)
        if len(row) != self.dimensions or not np.isfinite(row).all():
            raise VardeError(
                "a model did not give the embedding that its card promises", advice="Test it: `varde models test`."
            )
        return row


def average(rows: Floats, weights: Floats) -> Floats:
    """Returns the unit vector of the weighted mean of unit rows.

    Args:
        rows: (N, D) float32 unit rows, N at least 1.
        weights: (N,) at least 0; where all are 0, all count the same.
    """
    counts = weights if float(weights.sum()) > 0 else np.ones_like(weights)
    return scale_to_unit((rows * counts[:, None]).sum(axis=0))


def scale_to_unit(row: Floats) -> Floats:
    """Returns the vector at length 1; one that is all zeros stays."""
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-12), np.float32)
