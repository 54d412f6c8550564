"""Number plates, by the forms of the countries and of what they stand for.

Owns: the forms, the words that only look like one, and how a country writes its own.  Pure.

The forms are those of https://en.wikipedia.org/wiki/Vehicle_registration_plates_of_Europe and the countries' pages from there on,
and of https://en.wikipedia.org/wiki/Vehicle_registration_plates_of_the_United_States.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.attributes.choosing import ANY_DIGIT, DIGIT_OF, DIGITLIKE, picked, some, spelled
from glyphfeed.stream.attributes.facts import CANTONS, DISTRICTS_AT, DISTRICTS_DE, DISTRICTS_PL, STATE_NAMES, STATES, codes
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glyphfeed.stream.attributes.line import Line

DIGIT: Final = f"[{DIGITLIKE}]"
BEFORE: Final = r"(?<![\w.,€$£/+-])"
AFTER: Final = r"(?![\w-])(?![.,:/]\d)(?! ?(?:€|\$|%|km|kg|g|m|mm|cm|ml|l|cl|W|V|kW|PS|GB|TB|MB|MHz|GHz|EUR|Uhr|mAh)(?![^\W_]))"
GERMAN: Final = re.compile(
    rf"{BEFORE}(?P<district>[A-ZÄÖÜ]{{1,3}})(?P<gap>[-–] ?| [-–·•:] ?|[·•:] ?"
    rf"| )(?P<letters>[A-Z]{{1,2}})[ -]?(?P<digits>[1-9OISBZl][\dOISBZl]{{0,3}})(?P<kind>[EH]?){AFTER}"
)
AUSTRIAN: Final = re.compile(rf"{BEFORE}(?P<district>[A-Z]{{1,2}})[- ](?P<digits>\d{{1,6}}) ?(?P<letters>[A-Z]{{1,3}}){AFTER}")
SWISS: Final = re.compile(rf"{BEFORE}(?P<canton>[A-Z]{{2}})[-·• ]? ?(?P<digits>\d{{1,3}}[ '’·.]?\d{{3}}|{DIGIT}{{1,6}}){AFTER}")
FRENCH_ITALIAN: Final = re.compile(rf"{BEFORE}([A-HJ-NP-TV-Z]{{2}})([ -]?)({DIGIT}{{3}})\2([A-HJ-NP-TV-Z]{{2}}){AFTER}")
SPANISH: Final = re.compile(rf"{BEFORE}({DIGIT}{{4}})[ -]?([BCDFGHJKLMNPRSTVWXYZ]{{3}}){AFTER}")
DUTCH: Final = re.compile(
    rf"{BEFORE}(?:[A-Z]{{2}}-\d\d-\d\d|\d\d-\d\d-[A-Z]{{2}}|\d\d-[A-Z]{{2}}-\d\d|[A-Z]{{2}}-\d\d-[A-Z]{{2}}"
    rf"|[A-Z]{{2}}-[A-Z]{{2}}-\d\d|\d\d-[A-Z]{{2}}-[A-Z]{{2}}"
    r"|\d\d-[A-Z]{3}-\d|\d-[A-Z]{3}-\d\d|[A-Z]{2}-\d{3}-[A-Z]|[A-Z]-\d{3}-[A-Z]{2}|[A-Z]{3}-\d\d-[A-Z]|[A-Z]-\d\d-[A-Z]{3}"
    r"|\d-[A-Z]{2}-\d{3}|\d{3}-[A-Z]{2}-\d)"
    rf"{AFTER}"
)
BELGIAN: Final = re.compile(rf"{BEFORE}([1-9])([ -])([A-Z]{{3}})\2({DIGIT}{{3}}){AFTER}")
BRITISH: Final = re.compile(rf"{BEFORE}[A-Z0-9]{{4}}( ?)[A-Z0-9]{{3}}{AFTER}")
IRISH: Final = re.compile(rf"{BEFORE}(\d{{2}}[12]?)([ -])([A-Z]{{1,2}})\2({DIGIT}{{1,6}}){AFTER}")
POLISH: Final = re.compile(rf"{BEFORE}([B-GKLNOPRSTWZ][A-Z]{{1,2}}) ?(?=[A-Z]?\d)([\dA-Z]{{4,5}}){AFTER}")
AMERICAN: Final = re.compile(
    rf"{BEFORE}(?:(?P<californian>\d[A-Z]{{3}}\d{{3}})|[A-Z]{{3}}[- ·•]?\d{{3,4}}|\d{{3,4}}[- ·•]?[A-Z]{{3}}"
    rf"|[A-Z]{{2}}\d[- ·•]?\d{{4}}|[A-Z]\d\d[- ·•]?[A-Z]{{3}}|[A-Z]{{2}}[- ·•]?\d{{5}}){AFTER}"
)
STATE: Final = re.compile("|".join(STATE_NAMES).replace("_", " "), re.IGNORECASE)
PLATE_WORD: Final = re.compile(
    r"kennzeichen|kfz|(?:licen[cs]e )?plate|license|\bnr rej|rejestrac\w*|reg(?:istration)?\b|number|targa|matr[íi]cula"
    r"|immatriculation|kenteken|\bD\b",
    re.IGNORECASE,
)
YEAR: Final = re.compile(r"(?:19|20)\d\d")
LONGEST_REST: Final = 40
"""No more characters stand beside a plate that stands alone."""
COUNTIES_IE: Final = codes("C CE CN CW D DL G KE KK KY L LD LH LK LM LS MH MN MO OY RN SO T TN TS W WH WX WW LI WT")
WORDS: Final = codes(
    "ISO LOT SKU BOX TEL FAX REF ART RAL DIN JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC MON TUE WED THU FRI SAT SUN "
    "VOL PIN MAX MIN USD EUR CHF GBP NET EXP EST ZIP APT BUS GTX RTX USB BMW IPX MHZ GHZ RPM DPI PCS KCAL WWW THE AND FOR "
    "NEW ALL OFF NUR AGE ACT LED SUV PDF DVD CPU GPU SSD HDD RAM VIN UPC EAN SUM TAX QTY KWH MPH KMH PSI BTU VAC IEC IEE "
    "ASTM NFC GPS AWG SPF UVA UVB ABS PVC ROOM RUN TOP WIN YES NOT DAY WAY CAR VAN RES KEY GAS OIL HWY AVE ROW INT TOM DIM "
    "CAL FIG TAB NUM LBS MLS GMS MMS PPM TPM NOS EINE DER DIE DAS UND MIT VON BIS DEZ OKT MAI SET UHR KFZ PKW LKW WLAN TV "
    "PC CD WC HD XL XXL XXS VGA HDMI AKKU MDE EXT ID NR NO RFC ASA CAS SAE API FDA EPA CAT IPC ICD AMD PSU CNN MTV GMC PCT "
    "ETA ETD HRS SEC LVL BLK DOC VER REV NOM ENG MAT BIO CHE PSY HIS ECO CSE IMEI LOC LIC ACC INV ORD MOD MDL SER TYP GTI "
    "GLC GLE CLS CLA SDK ESP BAR LAN DNS TCP UDP SSH FTP PHP SQL CSS XML MAC IOS APP WEB VPN SMS PAL NTSC FPS HDR "
    "OLED AMP VHS UHF VHF SIG CAM MIC AUX DAC ADC RGB CMY DNA RNA HIV FLU PCR AGM FCC TUV VDE DHL UPS USPS FDX ATM POS TAN "
    "PUK MRT BRT LRT TGV ICE RER BBC CBS NBC FOX HBO NBA NFL NHL MLB UFC WWE FIA UCI NYC LAX JFK USA GER FRA ITA AUT SUI "
    "BEL NED IRL POL UNO TRI DUO BIG RED HOT WHT MED LRG SML REG STD PRO AIR SKY SEA ONE TWO SIX TEN BUY PAY CUT OUT END "
    "SEE ASK HIT FAQ CEO CFO CTO PHD MBA BSC LAB GYM SPA PUB INN VOR NACH ZUM ZUR BEI AUF AUS PER LES DES UNE SUR LOS LAS "
    "UNA DEL POR SIN CON VAT SRL SLL PTS GRS MTS LTS KGS KMS LTR MGS BHD FHD UHD TRK TSD STK"
)
"""What stands before or after digits and is no plate's."""
COMMON: Final = codes("TV PC CD WC XL NR NO EN ID OK KG KM MM GB MB")
MARKS: Final = COMMON | codes("CM ML CL DL MG LB OZ FT IN EU PS KW HP MW GW VA AH HZ DB TB MP HD UV AC DC PM AM UP G L M W V A H")
"""What stands behind a number as its unit, or as what there are so many of."""
COMMON_CANTONS: Final = codes("AG AI AR BE FR NE SO UR VS")
"""Those that are words as well: companies, verbs, countries."""


def find(line: Line, region: str) -> Iterator[Attribute]:
    """Plates in a line: those of the region, and those of others where their form is like no other."""
    if not ANY_DIGIT.search(line.text):
        return
    for own in FORMS.values():
        yield from own(line, region)


def _plate(country: str, number: str, span: tuple[int, int], *others: tuple[str, str]) -> Attribute:
    alternatives = tuple({"country": other, "number": written} for other, written in others)
    return Attribute("plate", {"country": country, "number": number}, span, alternatives=alternatives)


def _german(line: Line, region: str) -> Iterator[Attribute]:
    for match in some(GERMAN, line.text):
        digits = match["digits"].translate(DIGIT_OF)
        known = (
            match["district"] in DISTRICTS_DE and any(map(str.isdigit, match["digits"])) and len(match[0].replace(" ", "")) <= 10
        )
        if known and not _is_word(match) and _is_meant_german(line.text, match, region):
            yield _plate("DE", f"{match['district']}-{match['letters']} {digits}{match['kind']}", match.span())


def _is_word(match: re.Match[str]) -> bool:
    return match["district"] in ("DIN", "EN") or match["letters"] in COMMON or match["district"] in COMMON


def _is_meant_german(text: str, match: re.Match[str], region: str) -> bool:
    """Whether the form is Germany's alone, with a hyphen, or the region is, and nothing around makes it something else."""
    if region == "DE":
        return match["gap"] != " " or _stands_alone(text, match)
    return match["gap"][0] == "-" and match["digits"].isdigit() and len(match["digits"]) > 1 and " " in match[0].strip()


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """Whether nothing but a word that says so is on the line."""
    rest = text[: match.start()] + text[match.end() :]
    return len(rest) < LONGEST_REST and not re.search(r"[^\W_]", STATE.sub("", PLATE_WORD.sub("", rest)))


def _austrian(line: Line, region: str) -> Iterator[Attribute]:
    if region == "AT":
        for match in some(AUSTRIAN, line.text):
            length, letters = len(match["digits"] + match["letters"]), match["letters"]
            is_word = letters in WORDS or (letters in MARKS and (len(letters) > 1 or length < 6))
            if match["district"] in DISTRICTS_AT and 4 <= length <= 7 and not is_word and _stands_alone(line.text, match):
                yield _plate("AT", f"{match['district']}-{match['digits']} {match['letters']}", match.span())


def _digits(text: str) -> str:
    """The digits that are meant, "" where most characters are none."""
    return text.translate(DIGIT_OF) if 2 * sum(map(str.isdigit, text)) >= len(text) else ""


def _swiss(line: Line, region: str) -> Iterator[Attribute]:
    for match in some(SWISS, line.text):
        digits = _digits(re.sub(r"\W", "", match["digits"]))
        own = region == "CH" and (len(digits) > 4 or _is_short_swiss(line.text, match, digits))
        if digits and match["canton"] in CANTONS and (own or (region in ("DE", "AT", "FR", "IT", "LI") and len(digits) == 6)):
            yield _plate("CH", f"{match['canton']} {digits}", match.span())


def _is_short_swiss(text: str, match: re.Match[str], digits: str) -> bool:
    """Whether few digits are a plate's, rather than a year's or behind a word: nothing else may stand there."""
    is_weak = match["canton"] in COMMON_CANTONS or YEAR.fullmatch(digits)
    return _stands_alone(text, match) and (not is_weak or bool(PLATE_WORD.search(text)))


def _french_or_italian(line: Line, region: str) -> Iterator[Attribute]:
    for match in some(FRENCH_ITALIAN, line.text):
        first, gap, digits, last = match[1], match[2], _digits(match[3]), match[4]
        french, italian = f"{first}-{digits}-{last}", f"{first} {digits} {last}"
        may_be_italian = not set(first + last) & set("IOQU")
        if gap != "-" and first in COMMON:
            continue
        if digits and (gap == "-" or region == "FR"):
            others = [("IT", italian)] if may_be_italian and gap != "-" else []
            yield _plate("FR", french, match.span(), *others)
        elif digits and may_be_italian and (region == "IT" or gap):
            yield _plate("IT", italian, match.span(), ("FR", french))


def _spanish(line: Line, region: str) -> Iterator[Attribute]:
    if region == "ES":
        for match in some(SPANISH, line.text):
            if match[2] not in WORDS and (digits := _digits(match[1])):
                yield _plate("ES", f"{digits} {match[2]}", match.span())


def _dutch(line: Line, region: str) -> Iterator[Attribute]:
    if region == "NL":
        # There are no vowels on them.
        for match in some(DUTCH, line.text.replace("O", "0").replace("I", "1")):
            if not WORDS & set(match[0].split("-")):
                yield _plate("NL", match[0], match.span())


def _belgian(line: Line, region: str) -> Iterator[Attribute]:
    for match in some(BELGIAN, line.text):
        digits = _digits(match[4])
        if digits and (region == "BE" or match[2] == "-"):
            yield _plate("BE", f"{match[1]}-{match[3]}-{digits}", match.span())


def _british(line: Line, region: str) -> Iterator[Attribute]:
    for match in some(BRITISH, line.text):
        places = picked(line.text, match.start(), 7, " ")
        number = spelled(line, places, "AA99AAA", _is_british) if places else None
        read = number == match[0].replace(" ", "")
        alone = _stands_alone(line.text, match)
        meant = (read or alone) if region == "GB" else (read and match[1] and alone)
        if number and meant and number[4:] not in WORDS:
            yield _plate("GB", f"{number[:4]} {number[4:]}", match.span())


def _is_british(number: str) -> bool:
    return number[0] not in "IJQTUXZ" and not set(number[:2]) & set("IQZ") and not set(number[4:]) & set("IQ")


def _irish(line: Line, region: str) -> Iterator[Attribute]:
    for match in some(IRISH, line.text):
        digits = _digits(match[4])
        if digits and match[3] in COUNTIES_IE and (region == "IE" or (match[2] == "-" and len(digits) >= 3)):
            yield _plate("IE", f"{match[1]}-{match[3]}-{digits}", match.span())


def _polish(line: Line, region: str) -> Iterator[Attribute]:
    if region == "PL":
        for match in some(POLISH, line.text):
            known = match[1] in DISTRICTS_PL and match[1] not in WORDS | COMMON and sum(map(str.isdigit, match[2])) >= 2
            if known and _stands_alone(line.text, match):
                yield _plate("PL", f"{match[1]} {match[2]}", match.span())


def _american(line: Line, region: str) -> Iterator[Attribute]:
    """California's form is like no other; the rest is like any number, so that a word or the state has to be on the line."""
    if region == "US":
        for match in some(AMERICAN, line.text):
            is_word = (WORDS | STATES) & set(re.findall("[A-Z]+", match[0]))
            meant = match["californian"] or STATE.search(line.text) or PLATE_WORD.search(line.text)
            if meant and not is_word and _stands_alone(line.text, match):
                yield _plate("US", match[0], match.span())


FORMS: Final[dict[str, Callable[[Line, str], Iterator[Attribute]]]] = {
    "DE": _german,
    "AT": _austrian,
    "CH": _swiss,
    "FR, IT": _french_or_italian,
    "ES": _spanish,
    "NL": _dutch,
    "BE": _belgian,
    "GB": _british,
    "IE": _irish,
    "PL": _polish,
    "US": _american,
}
"""By country, how its plates are found."""
