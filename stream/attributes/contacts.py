"""Where somebody can be reached: telephone numbers, and addresses of mail and of the web.

Owns: how they are written on signs, and what of that is one.  Whether a number can be called is libphonenumber's to say.  Pure.
"""

from __future__ import annotations

import re
from functools import cache
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
    rf"(?:(?<![\w.,:/€$£#-])|(?<=[^\W\d_][.:])|(?<=[^\W\d_]\.:)|(?<=[^\W\d_])(?=\+))(?:\+ ?|\( ?\+?)?(?![^\W\d]{{2,}}(?!\w))"
    r"[\dOoIl]"
    rf"(?:[ ()/.\-–·]{{0,3}}[{DIGITLIKE}]){{5,18}}(?![^\W_])"
    r"(?! ?(?:€|\$|£|%|[kcm]?m\b|[km]?g\b|[cm]?l\b|EUR|USD|CHF|GBP|Uhr|kWh|km/h))"
)
MEASURE_AFTER: Final = re.compile(
    r"[\d .-]{0,12}(?:€|\$|£|%|°|[kcmd]?m[²³23]?(?!\w)|[km]?g\b|[cm]?l\b|EUR|USD|CHF|GBP|[kM]?Wh?\b|km/h|(?:,\d| ?x)(?!\w)"
    r"|ft\b|lbs?\b|oz\b|St(?:k|ück|\.)|pcs\b)|[/-][A-Z](?!\w)"
)
"""What is behind digits that count, measure, or belong to a code, whatever groups these stand in."""
CLOCK: Final = r"[012]?\d(?:[.:][0-5]\d)?"
HOURS_AFTER: Final = re.compile(
    rf"[ ,;(/|·-]+(?:24 ?[/h]|\(?{CLOCK}(?: ?[-–/] ?{CLOCK})? ?(?:h(?:rs|oras)?|[ap]\.?m|Uhr|ore)(?!\w)"
    r"|\(?[012]?\d[.:][0-5]\d ?[-–/]|\(?[012]?\d ?h ?[-–/])"
)
"""When somebody can be called, which stands behind the number and is no part of it."""
PHONE_WORD: Final = re.compile(
    r"(?<![^\W_])(?P<word>t[eé3][l1I|](?:efon|ephone|[eé]fono|efoon|efax)?|t[eé]l[eé]phone|tfno|tlf|fon|(?:tele)?phone|ph"
    r"|\w{1,20}-?(?:telefon|phone|fax|hotline|service)|kundendienst|servi[cz]\w* clien\w+|atenci[oó]n al cliente"
    r"|customer (?:service|care)|help(?:line|desk)|toll[ -]?free|freephone|call(?: us| now)?|ring|dial|appele[zr]|ll[aá]m[ea]\w*"
    r"|chiama\w*|bel|anruf\w*|rufnummer|durchwahl|mob(?:ile?|il)?|m[óo]vil|office|r[eé]serv\w*|prenotazion\w*|num[eé]ro vert"
    r"|numero verde|n[°º] vert|infoline|centralin[oa]|centralita|natel"
    r"|handy|cell(?:ulare)?|port(?:able)?|cel|hotline|service|notruf|whats ?app|fax|telefax|zentrale|bestell-?hotline"
    r"|kontakt|contact\w*|fone|電話(?:番号)?|携帯|rufen sie"
    r"|(?<!\w\.)(?-i:[TFMPt])(?=[.:])|[☎✆📞📱🖷])"
    r"[\s.:/|-]{0,4}(?:(?:n[ro°]|nummer|number|fax)[\s.:]{0,3})?$",
    re.IGNORECASE,
)
STATE_WORDS: Final = codes(
    r"p\.?\s?iva (?:partita|p\.)\siva c\.?\s?f sire[tn] rcs tva n[ií][fp] cif dni regon krs kvk rsin bsn btw ssn hr[ab] uid "
    r"atu vat nie cnpj cpf gst(?:in)? fssai aadhaar ahv avs steuer(?:-?id\w*)? ust(?:-?id\w*)? st\.?-?nr nhs reg(?:ister)? "
    r"registro(?:\s\w+)? (?:us)?dot inscrição(?:\sestadual)? iscrizione flur(?:st(?:\.|ück))? parzelle catast(?:o|ro|ral) "
    r"aut(?:h|ori[sz]\w+)? lic licen[cs]e lizenz licen[czç]i?a permi[ts] permiso passport ausweis matr(?:[ií]cul[ae]|icola) "
    r"immatriculation kenteken zl ident(?:ifiant|ifier|ificativo)? exp(?:ediente|te)? protocoll?[oe]? agr[eé]ment "
    r"cert(?:ificate)? pat(?:ent)? (?-i:APE|Az|CHE|CIN|DL|EIN|FN|IK|PAN|REA|RG|TIN|URN|UTR)"
)
"""What states, registers and taxes count by: whole words, as firms are called after what these begin."""
TRADE_WORDS: Final = codes(
    r"acct account a/c order pedido comm?and[ea] cde ordine orden bestell(?:ung)? auftr(?:ag)? invoice rechnung "
    r"factu(?:ur|re|ra) fattura nota(?:\sfiscal)? albar[áa]n bolla d\.?d\.?t bono? beleg receipt re[cç]u recibo ricevuta "
    r"ticket biglietto billete? tessera abonn[ée] confirmation awb tracking sendung consignment paket parcel colis palette? "
    r"palet pallet paquete pacco env[ií]o kto konto(?:stand)? cuenta conto compte rekening iban blz bic sort\scode card "
    r"kunden? customer client[ei]? klant kd mitgl(?:ied)? member socio vertrag(?:skonto)? contratt?o? contract policy "
    r"p[óo]liza polizza claim case file patient dossier pratica r[eé]f r[eé]f[eé]ren(?:ce|cia|z) mandat(?:o|sref)? (?<!,\s)id "
    r"(?-i:MLS|P\.?O|RIB|RMA|WO) police\sd.assurance"
)
"""What is ordered, sent, insured and billed."""
THING_WORDS: Final = codes(
    r"ser(?:ial|ien?)? série s/?n p/n imei model[lo]? mod typ[eo]? part teile? 型番 material zeichnung drawing targ(?:a|hetta) "
    r"mfg pieza pezzo ricambio cod(?:ice)?(?:\.?\sfisc\w*)? c[óo]digo isbn issn ean gtin upc sku apn nsn ndc pzn "
    r"art(?=\W*[.:]) artikel item asset inventar batch lot[eo]? lotto los ch\.?-?b chargen? box rev version (?-i:v) "
    r"z[äa]hler(?:stand)? compteur contatore contador meter(?:stand)? meter\sreading index stand count aisle bin blo?c?k "
    r"casier raum room zimmer unit suite locker fach postfach plz cp pos (?-i:MAC|OEM?)"
)
"""What is made and stored."""
SECRET_WORDS: Final = codes(
    r"gewinn(?:zahlen)? winning\snumbers tirage lott?o sorteo d[eé]cimo estrazione ziehung draw pin wpa\d? wlan(?:-key)? "
    r"wi-?fi clave contraseña mot\sde\spasse since seit"
)
"""What is drawn or kept secret, and years."""
NUMBER_WORDS: Final = codes(
    r"n(?:[ro°º]|[uú]m|(?=\.)) \w*(?:nr|nummer|number|zahl|ziffer|kennung|schein|zeichen|code|passwor[td]|schlüssel)"
)
"""How numbers are called, whatever they are of."""
OTHERS: Final = "|".join(sorted(STATE_WORDS | TRADE_WORDS | THING_WORDS | SECRET_WORDS | NUMBER_WORDS))
OTHER_WORD: Final = re.compile(
    rf"(?:(?<![^\W_])(?:{OTHERS})|[#№]|(?<!電話)番号)[\s.:-]{{0,3}}"
    r"(?:(?<![^\W_])(?:n[ro°º]?|number|nummer|#|id)[\s.:]{0,3}|[(][^()]{1,12}[)][\s.:]{0,3})?$"
    r"|(?<![^\W_])(?:n[°º][ .:]{0,2}(?:(?:d[eiu]|del) |d')?|n[uú]m[ée]ro (?:(?:d[eiu]|del) |d')"
    r"|bon de |(?:r[eé]f|reg|code|codice|aut)[ .:]{1,2}(?:d[eiu] )?)(?!urg|appel|atenc|gratu|emerg|unic|verde|info)[^\W\d_]{2,16}"
    r"[\s.:-]{0,3}$",
    re.IGNORECASE,
)
"""What says of digits behind it that they are none to call: a word, or what is counted behind a word for its number."""
DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
DATE: Final = re.compile(
    rf"\(?{DAY}[./ -]{{1,2}}{DAY}[./ -]{{1,2}}(?:19|20)?\d\d(?!\d)(?![ ./-]{{1,3}}\d\d(?!\d))"
    rf"|{DAY}([./-]){DAY}\1(?:19|20)\d\d(?!\d)|(?:19|20)\d\d[./ -]\d\d?[./ -]\d\d?(?!\d)"
)
HOURS: Final = re.compile(
    r"[012]?\d[.:][0-5]\d ?[-–/ ]{1,3} ?[012]?\d[.:][0-5]\d|\b[012]?\d ?[-–] ?[012]?\d[ /]{1,3}[012]?\d ?[-–] ?[012]?\d$"
)
DEPARTURES: Final = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?: +(?:[01]\d|2[0-3])[0-5]\d){2,}")
"""Times of a day without a sign between their hours and minutes, three at least: a number may be put in two such groups."""
PARTS: Final = re.compile(r"0(?: \d{3}){3}")
"""How makers of parts write their numbers; behind a 0 that stands alone those to call have an area code, and pairs."""
LONE_LETTER: Final = re.compile(r" [^\W\d] ")
"""What digits have between them that are none of one number: a side of the sky, a letter of a place."""
CODE: Final = re.compile(
    r"(?<![^\W_])(?:(?=[A-Z]*\d)(?=\d*[A-GI-Z])(?!\d[A-Z]{2}[ -])[A-Z\d]{2,12}|[A-Z]{2}\d\d ?[A-Z]{4})[ -]?$"
)
"""Capitals and digits in one word, which digits behind go on with; or a bank in an account.  An H may be hours, and a digit
before two letters ends a postal code of Britain."""
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
NEXT_NUMBER: Final = re.compile(
    r"(?<=\d)(?: ?[/·,–-] (?=[0+(]\d)|  +| ?/ ?(?=-\d{1,4}(?!\d))|(?: ?[/·] ?| [–-] )(?=(?:[ ().-]{0,2}\d){9}))"
)
"""What stands between two numbers, or a number and another extension."""
NEXT_LINE: Final = re.compile(r"[^/]*(?= ?/ ?\d\d?$)")
"""A number behind which the last digits of the next one stand, as 030 1234567/68 is two."""
GAP: Final = re.compile(r"(?<=\w)[ ()/.\-–·]+")
NO_TRUNK: Final = frozenset({"ES", "PL", "IT", "DK", "NO", "PT", "CZ", "GR", "LU"})
"""Where national numbers begin with no 0, or need none."""
FEWEST_DIGITS: Final = 7
SUREST_DIGITS: Final = 6
"""So many of the ten of North America are read as digits where the rest look like some."""
LONGEST_NUMBER: Final = 15
"""Digits of a number at most, with the country's (ITU-T E.164, 6.1)."""
MOST_DIGITS: Final = 18
"""Those, and what is dialled before them to call abroad."""
LONGEST_HOURS: Final = 16
"""Characters of the hours behind a number, at most, that tell them from it."""
MOST_TRIES: Final = 8
"""So many numbers are looked at in a line, for each of which libphonenumber is asked four times at most, 40 µs each."""


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
        before, at, tries = text[max(0, match.start() - 40) : match.start()], match.end(), tries + 1
        word = PHONE_WORD.search(before)
        run = text[match.start() : _until_next(text, match)]
        if word is None and (_is_of_other_kind(text, match, before) or _is_row(run)):
            continue
        for end in _ends(run, several=word is not None or run[0] in "+0O("):
            number = _number(run[:end], region, said=word is not None)
            if number and (word or _is_likely_number(run, end, number, region, alone=run == text.strip())):
                at = match.start() + end
                yield Attribute("phone", _e164(number), (match.start(), at), label="fax" if word and _is_fax(word) else "")
                break
    if region in ("US", "CA"):
        for match in some(VANITY, text):
            if number := _number(match[0], region, said=False, letters=True):
                yield Attribute("phone", _e164(number), match.span())


def _until_next(text: str, match: re.Match[str]) -> int:
    """Where a run of digits ends, or another number or hours begin that it runs into."""
    hours = HOURS_AFTER.search(text, match.start() + FEWEST_DIGITS, match.end() + LONGEST_HOURS)
    end = min(match.end(), hours.start()) if hours else match.end()
    following = NEXT_NUMBER.search(text, match.start(), end)
    if following and sum(map(str.isalnum, text[match.start() : following.start()])) >= FEWEST_DIGITS:
        end = following.start()
    only = NEXT_LINE.match(text, match.start(), end)
    return only.end() if only and sum(map(str.isalnum, only[0])) >= FEWEST_DIGITS else end


def _is_fax(word: re.Match[str]) -> bool:
    said = word[0].lower()
    return ("fax" in said and "tel" not in said) or word["word"] == "F"


def _ends(run: str, *, several: bool) -> list[int]:
    """Where a number may end that a run of groups of digits begins with, the longest first."""
    cuts = [match.start() for match in GAP.finditer(run)]
    ends = [len(run), *reversed(cuts[-3:])] if several else [len(run)]
    return [end for end in ends if sum(map(str.isalnum, run[:end])) <= MOST_DIGITS]


def _ends_there(run: str, end: int) -> bool:
    """Whether no group follows behind a gap as there are between the groups before."""
    following = GAP.match(run, end)
    return following is None or following[0] not in [gap[0] for gap in GAP.finditer(run[:end])]


def _is_of_other_kind(text: str, match: re.Match[str], before: str) -> bool:
    """Whether a run of digits is told to be something else than a telephone number, by what is around it or how it is written."""
    run = match[0]
    if OTHER_WORD.search(before) or CODE.search(before) or MEASURE_AFTER.match(text, match.end()):
        return True
    if DATE.match(run.translate(DIGIT_OF)) or HOURS.search(run) or DEPARTURES.fullmatch(run):
        return True
    if PARTS.fullmatch(run) or LONE_LETTER.search(run):
        return True
    return run.isdigit() and (SHORT_CODE.search(before) is not None or _has_check_digit(run))


def _is_likely_number(whole: str, end: int, number: PhoneNumber, region: str, *, alone: bool) -> bool:
    """Whether a run of digits without a word that says so begins with a telephone number, by how that begins and is grouped."""
    run = whole[:end]
    digits = sum(char.isdigit() for char in run)
    plain = run.translate(DIGIT_OF)
    if region in ("US", "CA") and digits >= SUREST_DIGITS and NORTH_AMERICAN.fullmatch(plain):
        return True
    if digits < FEWEST_DIGITS or digits < 0.7 * sum(char.isalnum() for char in run) or not _ends_there(whole, end):
        return False
    if run[0] == "+" or run.startswith(("00", "(+")):
        return digits > FEWEST_DIGITS
    if _is_as_formatted(plain, number):
        return True
    if region in ("US", "CA"):
        return alone and run.isdigit() and len(run) == 10
    if run.lstrip("( ")[0] in "0Oo":
        return (digits > 8 or not run.isdigit()) and _keeps_area_code(plain, number, region)
    return region in NO_TRUNK and _is_without_trunk([len(group) for group in re.split(r"[ .-]+", plain)], plain, region)


def _is_as_formatted(run: str, number: PhoneNumber) -> bool:
    """Whether a run in two groups at least is put as its country formats such a number, to the character."""
    import phonenumbers

    return not run.isdigit() and run == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def _keeps_area_code(run: str, number: PhoneNumber, region: str) -> bool:
    """Whether a gap, if there is any, is where the area code ends, or behind four digits where all numbers are of one length."""
    import phonenumbers

    code = phonenumbers.length_of_geographical_area_code(number)
    gaps = [sum(map(str.isdigit, run[gap.end() :])) for gap in re.finditer(r"(?<=\d)\D+(?=\d)", run)]
    if not code or not gaps or len(phonenumbers.national_significant_number(number)) - code in gaps:
        return True
    return re.match(r"\(?\d{4}(?!\d)", run) is not None and _is_of_one_length(region)


@cache
def _is_of_one_length(region: str) -> bool:
    """Whether all numbers of a region's places have as many digits, or one less where they are old."""
    import phonenumbers

    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    lengths = metadata.fixed_line.possible_length if metadata and metadata.fixed_line else ()
    return bool(lengths) and max(lengths) - min(lengths) <= 1


def _has_check_digit(digits: str) -> bool:
    """Whether digits without a gap are an article's number of 13 or 14, or of a company in Italy, where one in ten would be."""
    from stdnum import ean
    from stdnum.it import iva

    return (len(digits) > 12 and ean.is_valid(digits)) or (len(digits) == 11 and digits[0] == "0" and iva.is_valid(digits))


def _is_row(run: str) -> bool:
    """Whether the groups of a run count on by the same step, as those of a scale or a table do, or are drawn as in a lottery."""
    written = re.findall(r"\d+", run.translate(DIGIT_OF))
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
    return (
        sum(groups) == 9
        and len(groups) in (2, 3, 4)
        and groups[0] < 4
        and run[0] in ("123456789" if region == "PL" else "3456789")
    )


def _number(run: str, region: str, *, said: bool, letters: bool = False) -> PhoneNumber | None:
    """The number that can be called, None where it cannot be one; where a word says so, more can."""
    import phonenumbers

    try:
        number = phonenumbers.parse(run if letters else run.translate(DIGIT_OF), region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    can_be = phonenumbers.is_valid_number(number) or (said and possible)
    # What is dialled in one country alone, such as 116117, is possible to libphonenumber.
    is_short = can_be and phonenumbers.is_valid_short_number(number)
    return number if can_be and not is_short and len(_e164(number)) <= 1 + LONGEST_NUMBER else None


def _e164(number: PhoneNumber) -> str:
    """How it is called from anywhere (ITU-T E.164)."""
    import phonenumbers

    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
