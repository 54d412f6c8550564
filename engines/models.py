"""What a network needs to be run: how pictures are put in, what its output means, under which licence it is.

Owns the descriptions, TOML files that lie beside ONNX files, and their checking.  Does not own where weights come from (weights)
nor what runs them (the back-ends).
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.files import sum_of

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

Share: TypeAlias = Annotated[float, Meta(gt=0, lt=1)]
Positive: TypeAlias = Annotated[float, Meta(gt=0)]
Side: TypeAlias = Annotated[int, Meta(ge=32, le=8192, multiple_of=32)]
Pixels: TypeAlias = Annotated[int, Meta(ge=8, le=8192)]
Size: TypeAlias = tuple[Side, Side]
Channels: TypeAlias = Annotated[tuple[float, ...], Meta(min_length=1, max_length=3)]
Scales: TypeAlias = Annotated[tuple[Positive, ...], Meta(min_length=1, max_length=3)]


class ModelError(EngineError):
    """A network or its description cannot be used: one sentence that names the file, the fault and what to do."""


class Colours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a picture's bytes become numbers: its channels in this order, less `mean`, divided by `std`, both of 0..255."""

    colour: Literal["bgr", "rgb", "grey"]
    mean: Channels
    std: Scales

    @property
    def channels(self) -> int:
        """How many there are."""
        return 1 if self.colour == "grey" else 3


class PictureInput(Colours, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a detector sees: (height, width) in pixels, and for a quick look less."""

    sizes: Annotated[tuple[Size, ...], Meta(min_length=1)]
    coarse_sizes: tuple[Size, ...] = ()

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The tensors that the network is run with."""
        return [(1, self.channels, *size) for size in (*self.sizes, *self.coarse_sizes)]


class LineInput(Colours, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a recogniser sees: lines of one height, padded on the right to the next of some widths, in pixels.

    Lines that would be narrower than `narrowest` are stretched to it: few steps are not enough for the characters of a word that
    is seen from the side.
    """

    height: Pixels
    widths: Annotated[tuple[Pixels, ...], Meta(min_length=1)]
    narrowest: Pixels = 8

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The tensors that the network is run with."""
        return [(1, self.channels, self.height, width) for width in sorted(self.widths)]


class MapThresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """From which probability on a pixel is text, a region is reported, and how far it is grown back (`unclip`)."""

    mask: Share
    score: Share
    unclip: Positive


class CharacterThresholds(Struct, frozen=True, forbid_unknown_fields=True):
    """What a region must reach somewhere (`text`), what all its pixels must (`low`), and what joins characters (`link`)."""

    text: Share
    low: Share
    link: Share


class Description(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="head"):
    """What every model tells: a licence by its SPDX name, the SHA-256 sum of its ONNX file, hexadecimal, and whether it may be
    computed in bfloat16, because it was seen to find and read the same then (`glyphfeed quantise --precision bf16`).
    """

    licence: Annotated[str, Meta(min_length=1)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    bfloat16: bool = False

    @property
    def head(self) -> str:
        """What the output means."""
        return str(self.__struct_config__.tag)


class ProbabilityMap(Description, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="probability-map"):
    """A detector that gives the probability of (shrunk) text at each pixel of its input: (1, 1, height, width)."""

    input: PictureInput
    thresholds: MapThresholds

    @property
    def least(self) -> tuple[float, ...]:
        """What a pixel of each map must exceed to count."""
        return (self.thresholds.mask,)


class CharacterMaps(Description, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="character-maps"):
    """A detector that gives, at a fraction of its input's size, where characters are and what joins them: region and affinity
    maps, as (1, height, width, 2) or (1, 2, height, width).
    """

    input: PictureInput
    thresholds: CharacterThresholds

    @property
    def least(self) -> tuple[float, ...]:
        """What a pixel of each map must exceed to count."""
        return (self.thresholds.low, self.thresholds.link)


class Charset(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The characters of a recogniser's classes, in their order: written out, or under a key of the ONNX file's metadata one a
    line; with `space` one more at the end.
    """

    characters: str | None = None
    metadata: str | None = None
    space: bool = False


class Ctc(Description, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ctc"):
    """A recogniser that gives a distribution over its classes at each step along the line, (1, steps, classes) or (steps, 1,
    classes); one more class than characters is the `blank`.  Where the output is `logits`, they are made probabilities.
    """

    input: LineInput
    charset: Charset
    blank: Literal["first", "last"] = "first"
    output: Literal["probabilities", "logits"] = "probabilities"


DetectorModel: TypeAlias = ProbabilityMap | CharacterMaps
DESCRIPTIONS = files("glyphfeed.engines.known")
"""Those of the models that glyphfeed knows."""


def describe_detector(path: Path) -> DetectorModel:
    """Read what is told of a detector's ONNX file; see `describe`."""
    model = describe(path)
    if isinstance(model, Ctc):
        raise ModelError(f"{path} is described as a recogniser (head {model.head}); give it as --recogniser")
    return model


def describe_recogniser(path: Path) -> Ctc:
    """Read what is told of a recogniser's ONNX file; see `describe`."""
    model = describe(path)
    if not isinstance(model, Ctc):
        raise ModelError(f"{path} is described as a detector (head {model.head}); give it as --detector")
    return model


def describe(path: Path) -> DetectorModel | Ctc:
    """Read what is told of an ONNX file: by the TOML file beside it, or what glyphfeed knows of it, and compare the sums.

    Raises:
        ModelError: nothing is told, or something that cannot be, or the sums differ.

    """
    return find_description(path)[1]


def find_description(path: Path) -> tuple[str, DetectorModel | Ctc]:
    """Find what is told of an ONNX file, as the text of a TOML file and what that says; see `describe`."""
    try:
        found = sum_of(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}; check the path") from error
    beside = path.with_suffix(".toml")
    if beside.is_file():
        model = parse(beside, str(beside))
        if model.sha256 != found:
            raise ModelError(
                f"{path} has the SHA-256 sum {found} and {beside} tells of {model.sha256}: one of the two is not current"
            )
        return beside.read_text(encoding="utf-8"), model
    for known in DESCRIPTIONS.iterdir():
        if known.name.endswith(".toml") and (model := parse(known, known.name)).sha256 == found:
            return known.read_text(encoding="utf-8"), model
    raise ModelError(
        f"{path} needs {beside.name} beside it, which tells how the network is fed and read; docs/engines.md shows what it holds"
    )


def parse(source: Path | Traversable, name: str) -> DetectorModel | Ctc:
    """Read a description, called `name` in complaints.

    Raises:
        ModelError: it cannot be read, or does not hold what it must.

    """
    try:
        model: DetectorModel | Ctc = msgspec.convert(tomllib.loads(source.read_text(encoding="utf-8")), DetectorModel | Ctc)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{name} is no TOML file that can be read: {error}") from error
    except msgspec.ValidationError as error:
        raise ModelError(f"{name} does not describe a model: {error}") from error
    _check(model, name)
    return model


def _check(model: DetectorModel | Ctc, name: str) -> None:
    """Refuse what each field allows by itself, but not together."""
    channels = model.input.channels
    if len(model.input.mean) != channels or len(model.input.std) != channels:
        told = f"`input.colour` is {model.input.colour}, and so `mean` and `std` need {channels} numbers"
        raise ModelError(f"{name} does not describe a model: {told}")
    if isinstance(model, Ctc) and (model.charset.characters is None) == (model.charset.metadata is None):
        raise ModelError(f"{name} does not describe a model: `charset` needs either `characters` or `metadata`")
