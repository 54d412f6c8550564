"""From what somebody wants of texts to the settings of the stage.

Owns: what is wrong with it, in words, and that what it needs is looked for at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glyphfeed.engines.weights import PIP_INSTALL
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.understanding.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from glyphfeed.stream.attributes.extractor import Extractor
    from glyphfeed.stream.records import Event
    from glyphfeed.stream.rules.rulebook import Rulebook

DEFAULT_REGION: Final = "US"
LONGEST_S: Final = 600.0


def settings_of(
    attributes: bool | Collection[str] = False,
    region: str | None = None,
    rulebook: Rulebook | None = None,
    delay_s: float | None = None,
    act: Callable[[Event], None] | None = None,
) -> Settings | None:
    """What the stage is told; None where nothing is wanted.

    Args:
        attributes: whether they are told, or the kinds of which they are, such as price.
        region: an ISO 3166 code, such as DE; US where none is named.
        rulebook: what is looked for, and hidden.
        delay_s: how many seconds later all is told; None leaves it to what is hidden.
        act: see `Settings`.

    Raises:
        InputError: what attributes need is not installed, there is no such region or delay, or a region says nothing.

    """
    if delay_s is not None and not 0 <= delay_s <= LONGEST_S:
        raise InputError(f"a delay of {delay_s:g} s: give one of 0 to {LONGEST_S:g} s")
    if region is not None and not attributes and rulebook is None:
        raise InputError("a region says how attributes are written: ask for attributes, too")
    if region is not None:
        check_region(region)
    needed = frozenset[str]() if rulebook is None else rulebook.kinds
    if not (attributes or needed):
        return None if rulebook is None and delay_s is None else Settings(None, rulebook, delay_s, (), act)
    kinds = None if isinstance(attributes, bool) else frozenset(attributes)
    found = () if attributes is True else (kinds or frozenset[str]()) | needed
    try:
        return Settings(
            extractor_of(region or DEFAULT_REGION, found), rulebook, delay_s, () if attributes is False else kinds, act
        )
    except ImportError as error:
        raise InputError(f"{error}; {PIP_INSTALL} -e '.[understand]' in glyphfeed's folder brings what attributes need") from None


def extractor_of(region: str, kinds: Collection[str]) -> Extractor:
    """What finds attributes of some kinds, all without any."""
    import babel  # noqa: F401 - needed by some of the finders, which import it when they need it
    import phonenumbers  # noqa: F401
    import stdnum  # noqa: F401

    from glyphfeed.stream.attributes.extractor import Extractor

    return Extractor(region.upper(), kinds)


def check_region(region: str) -> None:
    """Accept the ISO 3166 code of a country, and anything where what knows them is not installed.

    Raises:
        InputError: there is no such country.

    """
    try:
        from phonenumbers import SUPPORTED_REGIONS
    except ImportError:
        return
    if region.upper() not in SUPPORTED_REGIONS:
        raise InputError(f"{region!r} is no region: give the two letters of a country (ISO 3166), such as DE, or GB for Britain")
