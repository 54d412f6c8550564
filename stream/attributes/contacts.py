"""Where somebody can be reached: telephone numbers, and addresses of mail and of the web.

Owns: how they are written on signs, and what of that is one.  Whether a number can be called is libphonenumber's to say.  Pure.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from glyphfeed.stream.attributes.choosing import ANY_DIGIT, DIGIT_OF, DIGITLIKE, some
from glyphfeed.stream.attributes.facts import TOP_LEVEL, codes
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from phonenumbers import PhoneNumber

    from glyphfeed.stream.attributes.line import Line

KINDS: Final = frozenset({"phone", "email", "url"})

ADDRESS_MARK: Final = re.compile(r"[.@©®/(\[]|[Ww]{3}")
"""A text without any of these holds no address."""
HOST: Final = re.compile(r"(?:[\w-]{1,63}\.){1,4}[A-Za-z0-9]{2,14}(?![\w-])")
POINT: Final = r"(?: ?[.,] ?| ?[(\[](?:dot|punkt|point|punto)[)\]] ?)"
TORN_HOST: Final = re.compile(rf"(?:[\w-]{{1,63}}{POINT}){{1,4}}[A-Za-z0-9]{{2,14}}(?![\w-])")
"""A name whose dots the recogniser put apart, or took for commas, or that are written out."""
TORN_COUNTRY: Final = re.compile(r"(?: ?, ?| \. ?|\. )(?:uk|au|nz|za|br|at|jp|in|tr|il|pl|es|mx|ar)(?![\w-])", re.IGNORECASE)
"""What belongs to a second level such as .co, though it was put apart."""
BEGIN: Final = re.compile(
    r"(?<![\w@./-])(?:(?P<scheme>(?i:h[tl1]{2}ps?))[:;.]? ?/[ /]{0,3})?(?P<www>(?:[Ww]{3}|[Vv]{2}[Ww]{2}|[Ww][Vv]{2}[Ww]"
    r"|[Ww]{2}[Vv]{2}|[Vv]{6})(?: ?[.,] ?| ))?",
)
PATH: Final = re.compile(r"(?::\d{2,5})?(?:[/?#][^\s<>\"]{0,300})?")
CLOSING: Final = ".,;:!?)]}'\"»”"
TOPS_READ_AS: Final = {
    "corn": "com",
    "c0m": "com",
    "cem": "com",
    "0rg": "org",
    "lnfo": "info",
    "1nfo": "info",
    "inf0": "info",
    "c0": "co",
}
FILES: Final = codes("py md sh rs zip mov cc so app")
"""What names of files end with as well."""
WORDS: Final = codes("am as at be do es et id in is it la ma me mo my no pm sa se si so to tv us st pt hr")
"""Ends that are words, so that a space may be missing after a full stop."""
UNITS: Final = codes("kg mg ml cm mm gl mn")
NO_NAMES: Final = codes(
    "abs art bzw ca co dipl dr etc evtl fax ggf inc ing inkl jan feb ltd max min mr mrs ms nr no prof sq st str tel usw vs "
    "zzgl gmbh com asp ado av avda dott ecc sig sra dra hr frl geb vgl bspw prov cap num"
)
"""Abbreviations, which no address begins with."""
SECOND_LEVEL: Final = codes("ac co com edu gov net org")
MAIL: Final = re.compile(
    r"(?<![\w.+-])(?P<local>[\w.+%-]{1,64})(?P<at> ?@ ?|[©®]| ?[(\[{] ?(?:at|ät|@|arroba|chiocciola|arobase) ?[)\]}] ?)(?=\w)"
)
MAIL_WORD: Final = re.compile(r"(?:^|mail|courriel|m[ée]l|correo|pec|:)\W*$", re.IGNORECASE)
"""What stands before an address and not before a word that an @ follows: nothing else on the line, or what says so."""
MAILBOX: Final = re.compile(
    r"(?:info|mail|e-?mail|kontakt|contact|office|service|shop|hello|hallo|hola|ciao|team|booking|reserv\w*|sales|support"
    r"|presse|press|jobs"
    r"|admin|post|welcome|praxis|rezeption|reception|.*[._-].*)",
    re.IGNORECASE,
)
"""Whom a space may part from what follows; otherwise it is somebody's name after a word."""

PHONE: Final = re.compile(
    rf"(?:(?<![\w.,:/€$£#-])|(?<=[^\W\d_][.:])|(?<=[^\W\d_])(?=\+))(?:\+ ?|\( ?\+?)?[\dOoIl]"
    rf"(?:[ ()/.\-–·]{{0,3}}[{DIGITLIKE}]){{5,18}}(?![^\W_])"
    r"(?! ?(?:€|\$|£|%|[kcm]?m\b|[km]?g\b|[cm]?l\b|EUR|USD|CHF|GBP|Uhr|kWh|km/h))"
)
PHONE_WORD: Final = re.compile(
    r"(?<![^\W_])(?P<word>t[eé3][l1I|](?:efon|ephone|[eé]fono|efoon|efax)?|t[eé]l[eé]phone|tfno|tlf|fon|(?:tele)?phone|ph"
    r"|call(?: us| now)?|ring|dial|appele[zr]|ll[aá]m[ea]\w*|chiama\w*|bel|anruf\w*|rufnummer|durchwahl|mob(?:ile?|il)?|m[óo]vil"
    r"|office|r[eé]serv\w*|prenotazion\w*|num[eé]ro vert|numero verde|n[°º] vert|infoline|centralin[oa]|centralita|natel"
    r"|handy|cell(?:ulare)?|port(?:able)?|cel|hotline|service|notruf|whats ?app|fax|telefax|zentrale|bestell-?hotline"
    r"|kontakt|contact|rufen sie"
    r"|(?<!\w\.)(?-i:[TFMPt])(?=[.:])|[☎✆📞📱🖷])"
    r"[\s.:/|-]{0,4}(?:(?:n[ro°]|nummer|number|fax)[\s.:]{0,3})?$",
    re.IGNORECASE,
)
OTHER_WORD: Final = re.compile(
    r"(?:\b(?:n[ro°º]|\w*(?:nr|nummer|number)|acct|p\.? ?iva|(?:partita|p\.) iva|c\.? ?f|cod(?:ice)?(?:\.? fisc\w*)?|sire[tn]|rcs"
    r"|tva|nif|cif|dni|nip|regon|krs|kvk|btw|ssn|order|pedido|comm?and[ea]|ordine|lotto|lote?|los|inventar\w*|serien?\w*|dossier"
    r"|clien\w+|factur[ea]|fattura|r[eé]f|tracking|sendung\w*|reg|steuer\w*|z[äa]hler\w*|mitglied\w*|member\w*|vertrag\w*"
    r"|contrat\w*|policy|claim|case|permit|lizenz|licen[cs]e|bestell\w*|auftrags?\w*|invoice|rechnung\w*|kto|konto\w*"
    r"|account|serial|s/?n|ref|id|imei"
    r"|kunden\w*|customer|ticket|batch|lot|charge"
    r"|hrb|uid|vat|model\w*|part|code|pin|isbn|issn|ean|gtin|upc|iban|blz|art|artikel\w*|item|card|sku|st\.?-?nr|ust\w*|plz"
    r"|bic|version|v|since|seit|license|p/n|pat(?:ent)?|confirmation|company|charity|nhs|aut(?:h|or\w*)?|ik|nie|flur\w*|parzelle|pos"
    r"|raum|room|zimmer|unit|suite|box|postfach|typ[eo]?|gewinn\w*|winning numbers|tirage|lott?o|ch\.?-?b|charge[n\w]*)"
    r"|[#№])[\s.:-]{0,3}(?:(?:n[ro°]|number|nummer|#)[\s.:]{0,3})?$",
    re.IGNORECASE,
)
DATE: Final = re.compile(
    r"\(?\d{1,2}[./ -]{1,2}\d{1,2}[./ -]{1,2}(?:19|20)?\d\d(?!\d)(?![ ./-]{1,3}\d\d(?!\d))"
    r"|\d{1,2}([./-])\d{1,2}\1(?:19|20)\d\d(?!\d)|(?:19"
    r"|20)\d\d[./ -]\d\d?[./ -]\d\d?(?!\d)"
)
HOURS: Final = re.compile(
    r"[012]?\d[.:][0-5]\d ?[-–/ ]{1,3} ?[012]?\d[.:][0-5]\d|\b[012]?\d ?[-–] ?[012]?\d[ /]{1,3}[012]?\d ?[-–] ?[012]?\d$"
)
DEPARTURES: Final = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?: +(?:[01]\d|2[0-3])[0-5]\d){2,}")
"""Times of a day without a sign between their hours and minutes, three at least: a number may be put in two such groups."""
PARTS: Final = re.compile(r"0(?: \d{3}){3}")
"""How makers of parts write their numbers; behind a 0 that stands alone those to call have an area code, and pairs."""
SHORT_CODE: Final = re.compile(r"(?<![^\W_])[A-Z](?:[A-Z]|[a-z]?\.-?[A-Z]?\.?)?[ .:]{0,2}$")
"""One or two capitals, behind which digits without a gap are a number of something else."""
STEPS: Final = frozenset({1, 2, 5, 10, 20, 25, 50, 100})
"""By which the numbers of scales, tables and sizes count on."""
DRAWN: Final = 50
"""Numbers of lotteries go up to this, and are told in order."""
NORTH_AMERICAN: Final = re.compile(r"(?:\+?1[ .-]{0,3})?(?:\(\d{3}\)[ .-]{0,2}|\d{3}(?: ?[./-] ?| ))\d{3}(?: ?[.-] ?| )\d{4}")
VANITY: Final = re.compile(
    r"(?<![\w-])(?:1[ -])?8(?:00|33|44|55|66|77|88)[ -](?=[\d-]{0,6}[A-Z])[A-Z\d]{2,7}(?:-[A-Z\d]{2,5})?(?![\w-])"
)
NEXT_NUMBER: Final = re.compile(r"(?<=\d)(?: ?[/·,–-] (?=[0+(]\d)|  +| ?/ ?(?=-\d{1,4}(?!\d))| ?[/·] ?(?=(?:[ ().-]{0,2}\d){9}))")
"""What stands between two numbers, or a number and another extension."""
NO_TRUNK: Final = frozenset({"ES", "PL", "IT", "DK", "NO", "PT", "CZ", "GR", "LU"})
"""Where national numbers begin with no 0, or need none."""
FEWEST_DIGITS: Final = 7
SUREST_DIGITS: Final = 6
"""So many of the ten of North America are read as digits where the rest look like some."""
MOST_DIGITS: Final = 18
"""A number has 15 digits at most (ITU-T E.164), and what is dialled before it to call abroad."""
MOST_TRIES: Final = 8
"""So many numbers are looked at in a line, for each of which libphonenumber is asked four times at most, 20 µs each."""


def find(line: Line, region: str) -> Iterator[Attribute]:
    """Telephone numbers, and addresses of mail and of the web, in a line as it is written in a region."""
    if ADDRESS_MARK.search(line.text):
        yield from _mails(line.text)
        yield from _pages(line.text, region)
    if ANY_DIGIT.search(line.text):
        yield from _phones(line.text, region)


class Host(NamedTuple):
    """A name in the net as it is meant, in lower case, where it ends in the text, and whether its end was read as such."""

    name: str
    end: int


def _host(text: str, start: int, *, torn: bool) -> Host | None:
    """The name that begins at a place, as far as it ends in a top level; torn apart only where nothing else will do."""
    for form in (HOST, TORN_HOST)[: 1 + torn]:
        match = form.match(text, start)
        while match:
            labels = re.split(POINT, match[0])
            top = TOPS_READ_AS.get(labels[-1].lower(), labels[-1].lower())
            goes_on = torn and form is HOST and top in SECOND_LEVEL and TORN_COUNTRY.match(text, match.end())
            if goes_on:
                break
            if top in TOP_LEVEL and all(_is_label(label) for label in labels):
                return Host(".".join([*labels[:-1], top]).lower(), match.end())
            match = form.match(text, start, match.end() - len(labels[-1]) - 1)
    return None


def _is_label(label: str) -> bool:
    return label[0] != "-" != label[-1] and "_" not in label


def _mails(text: str) -> Iterator[Attribute]:
    for match in some(MAIL, text):
        local = match["local"].lstrip(".-+%")
        host = _host(text, match.end(), torn=True)
        begins = match["at"] == " @ " and local.islower() and MAIL_WORD.search(text[: match.start()]) is not None
        if host and local and local[-1] != "." and (match["at"][0] != " " or begins or MAILBOX.fullmatch(local)):
            yield Attribute("email", f"{local}@{host.name}", (match.start() + len(match["local"]) - len(local), host.end))


def _pages(text: str, region: str) -> Iterator[Attribute]:
    at = 0
    while match := BEGIN.search(text, at):
        at = match.end()
        named = bool(match["scheme"] or match["www"])
        host = _host(text, match.end(), torn=named)
        if host and (named or _is_plain_page(text, match.end(), host, region)):
            yield _page(text, match, host)
            at = host.end
        following = re.compile(r"[^\w@./-]").search(text, at)
        if not following:
            return
        at = following.end()


def _page(text: str, begin: re.Match[str], host: Host) -> Attribute:
    path = PATH.match(text, host.end)
    assert path
    tail = path[0].rstrip(CLOSING)
    scheme = "http" if (begin["scheme"] or "s")[-1] not in "sS" else "https"
    return Attribute(
        "url", f"{scheme}://{'www.' if begin['www'] else ''}{host.name}{tail}", (begin.start(), host.end + len(tail))
    )


def _is_plain_page(text: str, start: int, host: Host, region: str) -> bool:
    """Whether a name alone is an address of the web, and no abbreviation, file or end of a sentence without a space."""
    written, labels = text[start : host.end], host.name.split(".")
    top, name = labels[-1], labels[-3] if len(labels) > 2 and labels[-2] in SECOND_LEVEL else labels[-2]
    tail, after = text[host.end : host.end + 2], text[host.end :].strip(" .,;|)")
    if (
        len(name) < 2
        or name.isdigit()
        or not re.search("[a-z]", name)
        or labels[0] in NO_NAMES
        or top in UNITS
        or text[host.end : host.end + 1] == "@"
    ):
        return False
    if not (written.isupper() or written.rpartition(".")[2].islower()) or (top in FILES and tail[:1] != "/"):
        return False
    return (
        top not in WORDS
        or tail[:1] == "/"
        or (
            not after
            and (top.upper() == region or (len(name) > 3 and top in ("at", "be", "it", "es", "tv", "me", "to")) or "-" in name)
        )
    )


def _phones(text: str, region: str) -> Iterator[Attribute]:
    at, tries = 0, 0
    while tries < MOST_TRIES and (match := PHONE.search(text, at)):
        word = PHONE_WORD.search(text[max(0, match.start() - 40) : match.start()])
        at, tries = match.end(), tries + 1
        if word is None and not _is_likely_number(text, match, region):
            continue
        for end in _ends(match[0], several=word is not None or match[0][0] in "+0O("):
            if value := _called(match[0][:end], region, said=word is not None):
                label = "fax" if word and "fax" in word[0].lower() and "tel" not in word[0].lower() else ""
                at = match.start() + end
                yield Attribute("phone", value, (match.start(), at), label=label)
                break
    if region in ("US", "CA"):
        for match in some(VANITY, text):
            if value := _called(match[0], region, said=False, letters=True):
                yield Attribute("phone", value, match.span())


def _ends(run: str, *, several: bool) -> list[int]:
    """Where a number may end that begins a run of groups of digits: where another one begins, else the longest first."""
    next_one = NEXT_NUMBER.search(run)
    whole = (
        next_one.start() if next_one and sum(char.isalnum() for char in run[: next_one.start()]) >= FEWEST_DIGITS else len(run)
    )
    cuts = [match.start() for match in re.finditer(r"(?<=[\w])[ ()/.\-–·]+", run[:whole])]
    ends = [whole, *reversed(cuts[-3:])] if several else [whole]
    return [end for end in ends if sum(map(str.isalnum, run[:end])) <= MOST_DIGITS]


def _is_likely_number(text: str, match: re.Match[str], region: str) -> bool:
    """Whether a run of digits without a word that says so is a telephone number, by how it begins and is put in groups."""
    run = match[0]
    before = text[max(0, match.start() - 40) : match.start()]
    if OTHER_WORD.search(before) or DATE.match(run) or HOURS.search(run) or DEPARTURES.fullmatch(run) or PARTS.fullmatch(run):
        return False
    if run.isdigit() and (SHORT_CODE.search(before) or _has_check_digit(run)):
        return False
    digits = sum(char.isdigit() for char in run)
    plain = run.translate(DIGIT_OF)
    if region in ("US", "CA") and digits >= SUREST_DIGITS and NORTH_AMERICAN.fullmatch(plain):
        return True
    if digits < FEWEST_DIGITS or digits < 0.7 * sum(char.isalnum() for char in run) or _is_row(plain):
        return False
    if run[0] == "+" or run.startswith(("00", "(+")):
        return digits > FEWEST_DIGITS
    if region in ("US", "CA"):
        return run == text.strip() and run.isdigit() and len(run) == 10
    if run.lstrip("( ")[0] in "0Oo":
        return digits > 8 or not run.isdigit()
    return region in NO_TRUNK and _is_without_trunk([len(group) for group in re.split(r"[ .-]+", plain)], plain, region)


def _has_check_digit(digits: str) -> bool:
    """Whether digits without a gap are an article's number of 13 or 14, or of a company in Italy, where one in ten would be."""
    from stdnum import ean
    from stdnum.it import iva

    return (len(digits) > 12 and ean.is_valid(digits)) or (len(digits) == 11 and digits[0] == "0" and iva.is_valid(digits))


def _is_row(run: str) -> bool:
    """Whether the groups of a run count on by the same step, as those of a scale or a table do, or are drawn as in a lottery."""
    written = re.findall(r"\d+", run)
    groups = [int(group) for group in written]
    steps = {after - before for before, after in pairwise(groups)}
    if len(groups) > 2 and len(steps) == 1 and (len(groups) > 3 or steps <= STEPS):
        return steps != {0}
    pairs = len(groups) > 4 and all(len(group) == 2 for group in written)
    # Of pairs there are five in France, and nowhere more.
    return pairs and ((min(steps) > 0 and groups[-1] <= DRAWN) or (len(groups) > 5 and written[0] != "00"))


def _is_without_trunk(groups: Sequence[int], run: str, region: str) -> bool:
    """Whether groups of so many digits are put as national numbers without a 0 are: of mobiles, services and Spain's cities."""
    if region == "IT":
        return len(groups) in (2, 3, 4) and groups[0] == 3 and ((sum(groups) == 10 and run[0] == "3") or run.startswith("800"))
    if region in ("DK", "NO"):
        return groups in ([2, 2, 2, 2], [3, 2, 3])
    return sum(groups) == 9 and len(groups) in (2, 3, 4) and run[0] in ("123456789" if region == "PL" else "3456789")


def _called(run: str, region: str, *, said: bool, letters: bool = False) -> str:
    """The number as it is called from anywhere (ITU-T E.164), "" where it cannot be one; where a word says so, more can."""
    import phonenumbers

    try:
        number = phonenumbers.parse(run if letters else run.translate(DIGIT_OF), region)
    except phonenumbers.NumberParseException:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if _is_number(number, said=said) else ""


def _is_number(number: PhoneNumber, *, said: bool) -> bool:
    import phonenumbers

    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    return phonenumbers.is_valid_number(number) or (said and possible)
