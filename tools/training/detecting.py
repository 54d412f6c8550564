"""`glyphfeed train detector`: what the detector is shown, and how it is judged.

Owns the lesson; `training` is how it is learnt.  Two fifths of what is shown are synthetic, the rest real photos.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from glyphfeed.engines.models import CharacterThresholds
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.annotated import read_cuts, read_icdar2003, read_own, read_trained
from glyphfeed.tools.training.crops import SIDE_PX, Crop, crop_of, in_other_light, targets_of
from glyphfeed.tools.training.dense import PICTURE, Dense
from glyphfeed.tools.training.dense_export import write_detector
from glyphfeed.tools.training.fonts import find_fonts, system_folders
from glyphfeed.tools.training.lesson import Lesson
from glyphfeed.tools.training.mining import mined_loss
from glyphfeed.tools.training.scenes import make_scene, piece
from glyphfeed.tools.training.scoring import page_of, read_colour, score, seen
from glyphfeed.tools.training.sources import photos_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from torch import nn

    from glyphfeed.engines.tensors import Tensor
    from glyphfeed.tools.training.annotated import Annotated
    from glyphfeed.tools.training.export import Weights
    from glyphfeed.tools.training.fonts import Font
    from glyphfeed.tools.training.lesson import Run

CROPS: Final = 8
"""Crops of a batch."""
SYNTHETIC: Final = 0.4
"""Share of synthetic scenes, where there is anything to make them of."""
VALIDATION: Final = range(801, 869)
"""Numbers of those of ICDAR 2015's training photos that tell how far it has come."""
CHOICES: Final = [
    CharacterThresholds(text, low, link)
    for text in (0.35, 0.5, 0.6, 0.7, 0.8)
    for low in (0.25, 0.35, 0.45)
    for link in (0.4, 0.55, 0.7, 0.8)
]
"""Thresholds of which the best are chosen: a network that has seen little gives low maps, and joins what is near."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is trained with: annotated photos in sets of which each is shown as often, photos without text to hang signs on, and
    fonts for them; the seed that all chance follows from.
    """

    sets: tuple[tuple[Annotated, ...], ...]
    photos: tuple[Path, ...] = ()
    fonts: tuple[Font, ...] = field(default=(), repr=False)
    seed: int = 1

    def crop(self, number: int, side: int = SIDE_PX) -> Crop:
        """A crop, by its number from 0, which is always the same."""
        rng = np.random.default_rng([self.seed, number])
        photo = read_colour(self.photos[rng.integers(len(self.photos))]) if self.photos else None
        if photo is not None and (not self.sets or rng.random() < SYNTHETIC):
            picture, words = make_scene(rng, self.fonts, photo, side)
            return Crop(in_other_light(picture, rng), *targets_of(words, (), np.eye(3), side))
        some = self.sets[rng.integers(len(self.sets))]
        told = some[rng.integers(len(some))]
        return crop_of(read_colour(told.picture), told, rng, side, None if photo is None else piece(rng, photo, side))


@dataclass(frozen=True, slots=True)
class Folders:
    """Where material lies, as far as there is some: ICDAR 2003's photos, ICDAR 2015's training photos, where these have their
    characters (`cutting`), other photos with truth of that form, photos without text, and fonts other than the system's.
    """

    icdar2003: Path | None = None
    icdar2015: Path | None = None
    cuts: Path | None = None
    annotated: tuple[Path, ...] = ()
    photos: Path | None = None
    fonts: Path | None = None


def gathered(folders: Folders, seed: int) -> Material:
    """Find what is to be trained with; photos of one's own make up one set, however many folders they are in.

    Raises:
        CommandError: there is nothing, or a folder holds not what it should.

    """
    sets = []
    if folders.icdar2003:
        sets.append(tuple(read_icdar2003(folders.icdar2003)))
    if folders.icdar2015:
        cuts = read_cuts(folders.cuts) if folders.cuts else {}
        # Twice: what it is judged by was photographed likewise.
        sets += [with_words(read_trained(folders.icdar2015, cuts))] * 2
    if folders.annotated:
        sets.append(with_words(photo for folder in folders.annotated for photo in read_own(folder)))
    if not sets and not folders.photos:
        raise CommandError(
            "there is nothing to train with; name at least one of --icdar2003, --icdar2015, --annotated and --photos"
        )
    if not folders.photos:
        return Material(tuple(sets), seed=seed)
    fonts = find_fonts([folders.fonts] if folders.fonts else system_folders())
    return Material(tuple(sets), tuple(photos_of(folders.photos)), tuple(fonts), seed)


def with_words(photos: Iterable[Annotated]) -> tuple[Annotated, ...]:
    """Those photos in which there is a word to learn from."""
    return tuple(photo for photo in photos if photo.words)


class Validation:
    """Photos that tell how far a network has come, and with which thresholds it finds most."""

    def __init__(self, photos: Sequence[Annotated]) -> None:
        self._pages = [page_of(told) for told in photos]
        self.thresholds = CHOICES[0]

    def judge(self, network: nn.Module) -> float:
        """F of the words that a network finds, 0..1, with the best thresholds."""
        device = next(network.parameters()).device

        def maps(tensor: Tensor) -> Tensor:
            with torch.no_grad():
                given: Tensor = network(torch.from_numpy(tensor).to(device)).cpu().numpy()
            return given

        looks = [seen(page, maps, PICTURE) for page in self._pages]
        figures = [score(looks, choice).f for choice in CHOICES]
        self.thresholds = CHOICES[int(np.argmax(figures))]
        return max(figures)

    def write(self, path: Path, weights: Weights, told: Mapping[str, object]) -> None:
        """Write a network's weights with the thresholds that were best."""
        write_detector(path, weights, told, self.thresholds)


def lesson_of(material: Material, photos: Sequence[Annotated]) -> Lesson:
    """The lesson of finding words, judged by those of some photos."""
    validation = Validation(photos)
    return Lesson(
        name="detector",
        make=Dense,
        loss=partial(loss_of, material),
        figure="F",
        judge=validation.judge,
        write=validation.write,
        told={"photos": [len(some) for some in material.sets], "backgrounds": len(material.photos), "seed": material.seed},
        batch=CROPS,
        peak=2e-3,
        warm=2_000,
        validated=8_000,
        patience=1_000_000,
    )


def loss_of(material: Material, run: Run, number: int) -> torch.Tensor:
    """The loss of a batch, by its number from 0."""
    crops = [material.crop(number * CROPS + k) for k in range(CROPS)]
    pictures = np.stack([crop.picture for crop in crops]).transpose(0, 3, 1, 2)
    maps = run((pictures.astype(np.float32) - np.float32(127.5)) / np.float32(127.5))
    truth, trust = (
        torch.from_numpy(np.stack(part)).to(maps.device) for part in zip(*((c.maps, c.trust) for c in crops), strict=True)
    )
    return mined_loss(maps, truth, trust)
