"""What something costs: prices, and prices per kilo, litre and the like.

Owns: how money is written, which of two prices is the former one, and what a price is for.  Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from glyphfeed.stream.attributes.customs import currencies, customs_of
from glyphfeed.stream.attributes.numerals import SPACED, WHOLE, number, tidy, worths
from glyphfeed.stream.attributes.writing import few, folded, plain
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.attributes.customs import Customs
    from glyphfeed.stream.attributes.line import Line
    from glyphfeed.stream.attributes.numerals import Worth

SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₩": "KRW",
    "₪": "ILS",
    "₴": "UAH",
    "₫": "VND",
    "฿": "THB",
    "₱": "PHP",
    "₦": "NGN",
    "¥": "JPY",
    "円": "JPY",
    "元": "CNY",
    "$": "USD",
    "zł": "PLN",
    "Kč": "CZK",
    "zl": "PLN",
    "Kc": "CZK",
    "TL": "TRY",
    "lei": "RON",
    "Ft": "HUF",
    "R$": "BRL",
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "MX$": "MXN",
    "SFr": "CHF",
    "sFr": "CHF",
    "Fr": "CHF",
    "Rs": "INR",
    "kr": "SEK",
    "Kr": "SEK",
    "руб": "RUB",
    "Euro": "EUR",
    "EURO": "EUR",
    "euro": "EUR",
    "Euros": "EUR",
    "euros": "EUR",
    "dollars": "USD",
    "Dollar": "USD",
}
"""Signs and words that stand for a currency where the region has no other for them."""
COMMON = {
    *(
        "EUR",
        "USD",
        "GBP",
        "CHF",
        "JPY",
        "CNY",
        "AUD",
        "NZD",
        "SEK",
        "NOK",
        "DKK",
        "PLN",
        "CZK",
        "HUF",
        "INR",
        "BRL",
        "MXN",
        "ZAR",
    ),
    *("SGD", "HKD", "KRW", "ILS", "AED", "CAD", "THB", "RUB", "UAH", "ISK", "BGN"),
}
"""Codes that are taken for money beside any number; the others, many of which are words, only beside one with decimals."""
PENCE = {"GB", "IM", "JE", "GG", "GI"}
RESOLUTIONS = {"144p", "240p", "360p", "480p", "720p"}
MUSICIAN = re.compile(r"(?<![a-z])(?:live|tour|feat|ft|rap|rapper|konzert|concert|album|in da club)(?![a-z])")
"""What is said of 50 Cent who is a musician."""
MULTIPLES = {"k": 1e3, "K": 1e3, "m": 1e6, "M": 1e6, "bn": 1e9, "B": 1e9, "mio": 1e6, "mrd": 1e9, "million": 1e6, "billion": 1e9}
MULTIPLE = r"(?: ?(?P<multiple>[kKmMB](?![\w/])|bn\b|[Mm]io\b|[Mm]rd\b|[mb]illion(?=s?\b)))?"

WAS = (
    r"was|were|before|reg(?:ular)?(?:ly)?|rrp|srp|msrp|list price|orig(?:inal)?(?:ly)?|compare at|instead of|statt|uvp|vorher"
    r"|fruher|bisher|alt"
    r"|avant|au lieu de|ancien prix|antes|en lugar de|en vez de|precio anterior|prima|invece di|anziche|old price|ehemals"
    r"|normalpreis|listenpreis|prezzo (?:pieno|di listino)|listino|al posto di|prix (?:normal|barre|conseille)"
    r"|precio (?:normal|original)|pvp|full price|list|originalpreis|regular price|war"
)
NOW = (
    r"now|sale price|our price|today|jetzt|aktuell|heute|neu|aktionspreis|maintenant|desormais|ahora|ora|adesso|new price"
    r"|oggi|hoy|aujourd'hui|(?:prezzo )?scontato|in offerta|(?:en )?oferta|rebajado|promo|prix promo|solde|remise|sonderpreis"
    r"|angebot|sale"
    r"|special|you pay|clearance|offer|reduziert auf|nur noch|offerta|ahora solo|sconto a|aktion"
)
LABEL = re.compile(
    rf"(?<![a-z])(?:(?P<was>{WAS})|(?P<now>{NOW}))(?:[ .:]{{1,3}}(?:only|just|nur|fur|for|price|preis|seulement|solo|prix"
    rf"|precio|prezzo))?"
    r"[ .:*-]{0,4}$"
)
EACH = (
    r"kilogramm|kilo|kg|100 ?gr?|gr?|mg|litre|liter|litro|100 ?ml|ml|cl|ltr|l|lbs?|pound|fl\.? ?oz|oz|ounce|gal(?:lon)?"
    r"|pint|pt|m2|m²|sqm|sq ?m|kwh"
)
SAYS_A_PRICE = re.compile(
    rf"(?<![a-z])(?:{WAS}|{NOW}|only|nur|just|total|summe|gesamt|gesamtbetrag|subtotal|preis|price|prix|precio|prezzo|totale"
    rf"|importe)"
    rf"(?: (?:nur|only|just|ttc|price|preis))?[:. *]{{1,3}}$|\d ?(?:{EACH}) ?= ?$"
)
UNIT_OF = {"kilo": "kg", "litre": "l", "liter": "l", "litro": "l", "lbs": "lb", "pound": "lb", "ounce": "oz", "gallon": "gal"}
UNIT_OF |= {"gr": "g", "kilogramm": "kg", "ltr": "l"} | {"pint": "pt", "m²": "m2", "sqm": "m2", "floz": "fl_oz", "kwh": "kWh"}
PER = re.compile(
    rf" ?(?:/|(?:per|pro|je|le|la|al|el|il|por|par|the"
    rf"|a)(?= )) ?(?:(?P<count>\d{{1,4}}(?:[.,]\d{{1,2}})?) ?)?(?P<unit>{EACH})(?![a-z²\d])"
    r"| (?P<unit_b>lb)(?![a-z])"
)
OF = re.compile(
    rf"(?:(?<![a-z])(?:per|pro|je|le|la|al|au|el|il|por"
    rf"|par) (?P<count>\d{{1,4}}(?:[.,]\d{{1,2}})? ?)?(?P<unit>{EACH})(?![a-z²\d])"
    rf"|(?<![\w.,])(?P<count_a>\d{{1,4}}(?:[.,]\d{{1,2}})?) ?(?P<unit_a>{EACH}) ?="
    rf"|(?<![\w.,])(?P<count_d>1|100) ?(?P<unit_d>kg|l|g|ml) ?:|(?<![a-z])(?P<unit_b>kg|kilo|liter|l)(?:[ -]?preis)"
    rf"|(?<![a-z])(?:preis|price|eur|€|\$|£)/(?P<unit_c>{EACH})(?![a-z²\d]))[: =]{{0,3}}(?:ca\.? ?)?$"
)
MEASURED = r"(?:[°²³%]|[kmcd]?[glm]\b|mm\b|uhr\b|[UuHh](?:hr)?\b|[ap]\.?m\b|[A-Z]{3}\b|x\b|lbs?\b|oz\b)"
"""What makes a number with two decimals no price."""
SOLD = r"(?:kg|KG|Kg|lb|LB|l|L|100 ?g|100 ?ml|gal|oz|OZ)\b"
"""What a number with two decimals is the price of."""
MINUS = r"(?P<minus>(?<![\w%€.,)] )(?<![\w%€.,)])-)?"
ALONE = r"(?<![\d_])(?<!\d[.,:'])(?<![^\W\d_])"
NO_CENTS = r"(?:\d{1,3}(?:[.']\d{3}){1,2}|\d{1,5})[.,:] ?(?:--?|=)(?!\d)"
RAISED = r"\d{1,4} \d\d(?=$| ?(?:ea|lb|/))"
"""An amount of which the last digits stand higher, as on American signs."""
NO_AMOUNT = r"(?! ?\d+[.,]\d\d(?!\d)|(?<= .)\d)"
"""What shows that a sign belongs to the amount behind it."""
WITHIN = r"(?P<broken>\d{1,4}[€£$]\d\d)(?![\d.,])"
EUROS = r"(?P<euros>\d{1,4},\d\d) ?[Ee](?![\w'])"
CENTS = (
    r"(?P<cents>\d{1,3}(?:[.,]\d)?) ?"
    r"(?P<cent>[Cc](?:ts?|ents?|entimes|[eé]ntimos|entesimi)\b|CT\b|CENTS?\b|Rp\b|¢|p(?![\w.])|c(?![\w.]))"
)
BARE = r"(?P<bare>(?:\d{1,3}[.']\d{3}|\d{1,5})[.,:] ?--?(?! ?[\w-])|(?<![\w.,-])--?[.,]\d\d(?!\d))"
SAID = rf"(?P<said>\d{{1,5}}[.,]\d\d)(?:(?= ?/ ?{SOLD})|(?![\d.,%/:-]| ?{MEASURED}))"
NEAR = 40
"""So many characters before a price may say what it is."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of a currency where it is written; `fuel` is what it is worth if three decimals are meant."""

    value: Worth
    currency: str
    span: tuple[int, int]
    fuel: Worth | None = None


def find(line: Line, region: str) -> Iterator[Attribute]:
    """The prices of a line, with what they are for."""
    text = plain(line)
    if not any(char.isdecimal() for char in text):
        return
    yield from labelled(list(costs(text, region)), folded(text))


def labelled(found: Sequence[Attribute], text: str) -> Iterator[Attribute]:
    """Prices with the words before them; where only one of two has any, the other is its counterpart."""
    ends = [0, *(cost.span[1] for cost in found)]
    labels = [label_of(text[max(end, cost.span[0] - NEAR) : cost.span[0]]) for end, cost in zip(ends, found, strict=False)]
    labels = [label if cost.kind == "price" else "" for label, cost in zip(labels, found, strict=True)]
    for cost, label in zip(found, counterparts(labels, [cost.kind == "price" for cost in found]), strict=True):
        yield replace(cost, label=label) if label else cost


def label_of(before: str) -> str:
    """Whether words end in those for a former or a present price; "" where in neither."""
    label = LABEL.search(before)
    return label.lastgroup or "" if label else ""


def counterparts(labels: Sequence[str], prices: Sequence[bool]) -> Sequence[str]:
    """The labels of prices, where exactly two stand together and one says what the other must be."""
    said = [label for label, price in zip(labels, prices, strict=True) if price]
    if len(said) != 2 or bool(said[0]) == bool(said[1]):
        return labels
    other = {"was": "now", "now": "was"}[said[0] or said[1]]
    return [label or (other if price else "") for label, price in zip(labels, prices, strict=True)]


def costs(text: str, region: str) -> Iterator[Attribute]:
    """Prices and prices per unit, in their order."""
    low, end = folded(text), 0
    for money in moneys(text, region):
        before, behind = OF.search(low[max(end, money.span[0] - NEAR) : money.span[0]]), PER.match(low, money.span[1])
        start = money.span[0]
        if behind:
            end = behind.end()
            yield unit_price(money, behind, (start, end))
        elif before:
            end = money.span[1]
            yield unit_price(money, before, (start - (len(before[0])), end))
        else:
            end = money.span[1]
            yield Attribute("price", money.value, money.span, money.currency)


def unit_price(money: Money, per: re.Match[str], span: tuple[int, int]) -> Attribute:
    """What one unit costs, or so many of them."""
    said = {name[:4].rstrip("_"): value for name, value in per.groupdict().items() if value}
    name = re.sub(r"[ .]", "", said["unit"])
    hundred = re.fullmatch(r"100(m?[gl])r?", name)
    count, unit = ("100", hundred[1]) if hundred else (said.get("coun", "").strip(), UNIT_OF.get(name, name))
    value = money.value if money.fuel is None else money.fuel
    return Attribute("unit_price", value, span, f"{money.currency}/{'' if count in ('', '1') else count.replace(',', '.')}{unit}")


@lru_cache(maxsize=64)
def moneys(text: str, region: str) -> tuple[Money, ...]:
    """All amounts of money in a plain text."""
    customs = customs_of(region)
    return tuple(money for match in few(pattern(region), text) for money in money_of(match, text, customs))


@cache
def pattern(region: str) -> re.Pattern[str]:
    """How money is written: a sign and an amount, the other way round, or an amount that can be nothing else."""
    customs = customs_of(region)
    whole, sign = SPACED if customs.spaced else WHOLE, sign_of(customs)
    amount = rf"{NO_CENTS}|-{{0,2}}[.,]\d\d|\d{{1,5}}(?: [.,] ?|[.,] )\d\d|{whole}"
    leading = rf"(?:(?P<sign>{sign})|{misread_sign(customs)})[ :]{{0,2}}(?P<amount>{RAISED}|{amount}){MULTIPLE}(?![\d%]|[.,:]\d)"
    trailing = rf"(?P<amount_b>{amount}){MULTIPLE.replace('multiple', 'multiple_b')}\.? ?(?P<sign_b>{sign}){NO_AMOUNT}"
    return re.compile(rf"{MINUS}(?:{leading}|{ALONE}(?:{WITHIN}|{trailing}|{EUROS}|{CENTS}|{BARE}|{SAID}))")


def sign_of(customs: Customs) -> str:
    """The signs, codes and names of currencies, as a pattern."""
    known = {*SIGNS, *customs.signs} - {"¤"}
    letters = {sign.rstrip(".") for sign in known if sign[:1].isalpha() and "$" not in sign} | currencies() | COMMON
    others = {sign for sign in known if not sign[:1].isalpha() or "$" in sign}
    longest_first = [sorted(names, key=lambda name: (-len(name), name)) for names in (others, letters)]
    return rf"{'|'.join(map(re.escape, longest_first[0]))}|(?<![^\W\d_])(?:{'|'.join(longest_first[1])})(?![^\W\d_])\.?"


def misread_sign(customs: Customs) -> str:
    """A letter that recognisers write for the sign of the region's currency, as a pattern."""
    letters = {"USD": "S", "CAD": "S", "AUD": "S", "GBP": "[Ef]"}.get(customs.currency, "(?!)")
    return rf"(?P<misread>(?<!\w){letters})(?=\d{{1,4}}[.,]\d\d(?!\d))"


def money_of(match: re.Match[str], text: str, customs: Customs) -> Iterator[Money]:
    """What the found amount is, if it is money there."""
    kind = match.lastgroup if match.lastgroup in ("broken", "euros", "bare", "said") else "cents" if match["cents"] else "sign"
    money = {"sign": signed, "cents": cents}.get(kind, unsigned)(match, customs)
    per = kind == "said" and PER.match(folded(text), match.end())
    if money is None or (
        kind == "said" and not per and not SAYS_A_PRICE.search(folded(text[max(0, match.start() - NEAR) : match.start()]))
    ):
        return
    yield replace(money, value=tidy(-money.value)) if match["minus"] and not re.match(r"-[.,]", match[0]) else money


def signed(match: re.Match[str], customs: Customs) -> Money | None:
    """An amount with a sign of a currency."""
    sign, written = (match["sign"] or match["sign_b"] or "").rstrip("."), match["amount"] or match["amount_b"]
    code = customs.currency if match["misread"] else code_of(sign, customs)
    if code is None or (
        code not in COMMON and code != customs.currency and sign == code and not re.search(r"[.,]\d\d$", written)
    ):
        return None
    if sign in ("Fr", "EUR") and is_something_else(sign, match):
        return None
    value, fuel = amount_of(written, customs, code)
    multiple = match["multiple"] or match["multiple_b"]
    return Money(
        tidy(value * MULTIPLES[multiple.lower() if len(multiple) > 1 else multiple]) if multiple else value,
        code,
        match.span(),
        fuel,
    )


def code_of(sign: str, customs: Customs) -> str | None:
    """The currency that a sign stands for in a region; None for one that is none there."""
    if sign == "Fr":
        return {"CH": "CHF", "LI": "CHF"}.get(customs.region)
    if sign in ("$", "dollars", "Dollar"):
        return customs.signs.get("$", "USD")
    if customs.signs.get(sign) == customs.currency:
        return customs.currency
    return SIGNS.get(sign) or customs.signs.get(sign) or sign


def is_something_else(sign: str, match: re.Match[str]) -> bool:
    """Whether what may be francs are the hours of a Friday, or what may be euros the size of a shoe."""
    if sign == "Fr":
        return re.match(r" ?(?:-|bis) ?\d|:| ?Uhr", match.string[match.end() :]) is not None
    return re.search(r"\b(?:UK|US)\b ?\d", match.string[max(0, match.start() - NEAR) : match.end() + NEAR]) is not None


def amount_of(written: str, customs: Customs, code: str) -> tuple[Worth, Worth | None]:
    """What an amount is worth, and what else if its last three digits are decimals, as those of fuel are."""
    if written.isdecimal():
        return int(written), None
    if re.fullmatch(r"-{0,2}[.,]\d\d", written):
        return number("0." + written[-2:]), None
    if re.search(r"[.,:] ?[-=]+$", written):
        return int(re.sub(r"\D", "", written)), None
    if re.fullmatch(r"\d+ ?[.,]? ?\d\d", written) and " " in written:
        return number(re.sub(r"[., ]+", ".", written)), None
    values = worths(written, customs.decimal)
    return values[0] if code == customs.currency else max(values), min(values) if len(values) > 1 else None


def cents(match: re.Match[str], customs: Customs) -> Money | None:
    """An amount in the hundredth part of a currency."""
    if match[0] == "50 Cent" and MUSICIAN.search(folded(match.string)):
        return None
    mark, count = match["cent"], number(match["cents"].replace(",", "."))
    of_dollars = customs.signs.get("$") == customs.currency
    known = {"p": customs.region in PENCE and match[0] not in RESOLUTIONS, "c": of_dollars and 10 <= count < 100}
    known["Rp"] = customs.region in ("CH", "LI")
    if not known.get(mark, True):
        return None
    euro = mark[0] in "cC" and len(mark) > 1 and not of_dollars and customs.currency not in ("CHF", "EUR")
    return Money(tidy(count / 100), "EUR" if euro else customs.currency, match.span())


def unsigned(match: re.Match[str], customs: Customs) -> Money | None:
    """An amount with its sign within, a misread one, or none."""
    if match["broken"]:
        head, sign, tail = re.split("([€£$])", match["broken"])
        return Money(number(f"{head}.{tail}"), code_of(sign, customs) or customs.currency, match.span())
    if match["euros"]:
        return Money(number(match["euros"].replace(",", ".")), "EUR", match.span()) if customs.currency == "EUR" else None
    written = match["bare"] or match["said"]
    return Money(amount_of(written, customs, customs.currency)[0], customs.currency, match.span())
