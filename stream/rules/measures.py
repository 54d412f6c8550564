"""What units are worth in each other, where that is always the same.

Owns: the factors, and by region those that differ.  Currencies have none: what they are worth changes by the day.  Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DIMENSIONS: Final[tuple[Mapping[str, float], ...]] = (
    {"mg": 1e-3, "g": 1.0, "kg": 1e3, "t": 1e6, "oz": 28.349523125, "lb": 453.59237},
    {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3, "in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344},
    {"km/h": 1.0, "mph": 1.609344},
)
"""In grams, metres and kilometres an hour; international pound and yard of 1959 (NIST Special Publication 811, appendix B)."""
LITRES: Final[Mapping[str, float]] = {"ml": 1e-3, "cl": 1e-2, "l": 1.0}
AMERICAN: Final[Mapping[str, float]] = {"fl_oz": 0.0295735295625, "pt": 0.473176473, "gal": 3.785411784}
IMPERIAL: Final[Mapping[str, float]] = {"fl_oz": 0.0284130625, "pt": 0.56826125, "gal": 4.54609}
"""Both in litres (NIST Special Publication 811, appendix B)."""
AMERICAN_REGIONS: Final = frozenset({"US", "PR", "GU", "VI", "AS", "MP", "LR"})


def factor(unit: str, other: str, region: str = "US") -> float | None:
    """What one of a unit is of another, by the measures of a region; None where that cannot be told, as of currencies.

    Of what is paid for an amount, such as EUR/100g and EUR/kg, the currency must be the same.
    """
    if unit == other:
        return 1.0
    currency, per, amount = unit.partition("/")
    if per and len(currency) == 3 and currency.isupper():
        other_currency, _, other_amount = other.partition("/")
        count, rest = _counted(amount)
        other_count, other_rest = _counted(other_amount)
        each = factor(other_rest, rest, region) if currency == other_currency and other_amount else None
        return None if each is None else each * other_count / count
    volumes = {**LITRES, **(AMERICAN if region in AMERICAN_REGIONS else IMPERIAL)}
    for dimension in (*DIMENSIONS, volumes):
        if unit in dimension and other in dimension:
            return dimension[unit] / dimension[other]
    return None


def _counted(amount: str) -> tuple[float, str]:
    """How many of which unit an amount is, such as 100 g of "100g"."""
    unit = amount.lstrip("0123456789.")
    count = amount[: len(amount) - len(unit)]
    return (float(count) if count.strip(".") and count.count(".") < 2 else 1.0), unit
