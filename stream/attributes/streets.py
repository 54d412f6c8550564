"""Streets with the number of a house, as they are written in the countries of Europe and North America.

Owns: the words that streets are named by, and in which order each language puts them and the number.  Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.attributes.choosing import ANY_DIGIT, some
from glyphfeed.stream.attributes.cities import countries_of
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed.stream.attributes.line import Line

CAPITALS: Final = "A-ZÄÖÜÀÁÂÇÉÈÊÍÎÑÓÔÚŁŚŻŹĆÅØÆ"
NAME: Final = rf"[{CAPITALS}][\w'’.-]{{1,30}}"
NUMBER: Final = r"(?P<number>[1-9]\d{0,3}(?: ?[a-hA-H](?![\w’'])| ?[/–-] ?(?:\d{1,3}(?![\d,.])[a-h]?|[A-Da-d](?![\w’'])))?)"
END: Final = (
    r"(?![^\W_])(?![.,:/-]\d)(?! ?(?:€|\$|£|%|°|[x×] ?\d|\+|(?:[kcmKCM]?[mM]|[km]?g|[cm]?l|EUR|USD|CHF|GBP|Uhr|h|kcal|Stück"
    r"|Stk|Jahre?|years?|ans"
    r"|anni|años|Min|min|am|pm|Liter|Personen|heures|ore|horas|uur|Tage|lezioni|clases|leçons|posti|personas|persone"
    r"|Minuten|Stunden|minut[io]s?|Plätze|Stellplätze)\b))"
)
GLUED: Final = (
    r"(?:stra(?:ß|ss|B|fs)en?|str(?:\.|(?=\s))|weg|platz|allee|gasse|damm|ufer|chaussee|stieg|steig|pfad|ring|graben"
    r"|promenade|wall|markt"
    r"|berg|hof|tor|brücke|straat|laan|plein|gracht|kade|dijk|singel|steenweg)"
)
APART: Final = (
    r"(?:Stra(?:ß|ss|B)e|Str\.?|Weg|Platz|Allee|Gasse|Damm|Ufer|Chaussee|Ring|Markt|Promenade|Hof|Berg|Graben|Wall|Steig"
    r"|STRA(?:ß|SS|B)E|STR\.?|WEG|PLATZ|ALLEE|GASSE|RING)"
)
ADJECTIVE: Final = r"(?:(?:Alt|Neu|Groß|Klein|Ober|Unter|Lang|Kurz|Hoh|Breit|Erst|Zweit|Dritt|Inner|Äußer|Vorder|Hinter)e[rs]? )"
GERMANIC: Final = re.compile(
    rf"(?<![^\W_])(?P<name>{ADJECTIVE}?(?:(?:{NAME}-){{0,3}}(?:[{CAPITALS}][\w’'.-]{{0,30}}(?i:{GLUED})|(?i:{GLUED}))"
    rf"|(?:{NAME}-){{0,3}}{NAME}[ -]{APART})),? {{0,2}}(?:Nr\.? ?)?{NUMBER}{END}"
)
PLACED: Final = re.compile(
    rf"(?<![^\W_])(?P<name>(?:Am|An der|An den|Auf der|Auf dem|Im|In der|In den|Unter den|Unter der|Zum|Zur|Hinter der"
    rf"|Vor dem|Beim|Op de|Aan de|(?:Straße|Strasse|Platz|Allee) (?:des|der|am|an der)(?: \d{{1,2}}\.)?)"
    rf" {NAME}(?: {NAME})?) (?P<number>[1-9]\d{{0,2}} ?[a-h]?)(?![^\W_])(?=\s*(?:$|[,;|·•(]))"
)
ENGLISH: Final = re.compile(
    rf"(?<![\w.,€$£/:-])(?P<number>\d{{1,5}}(?:[A-Fa-f]|[-–]\d{{1,4}}|½)?),? (?P<name>(?:[NSEW]{{1,2}}\.? )?(?:(?:{NAME}"
    rf"|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}"
    r"(?i:(?:St|Rd|Ave|Ln|Dr|Blvd|Ct|Pl|Sq|Cres|Gdns|Hwy|Pkwy|Plz|Cir|Trl|Expy)\b\.?|(?:Street|Road|Avenue|Lane|Drive"
    r"|Boulevard|Court|Way|Place|Square"
    r"|Terrace|Crescent|Gardens|Close|Highway|Parkway|Row|Walk|Mews|Hill|Circle|Quay|Loop|Broadway|Plaza|Alley|Turnpike"
    r"|Pike|Grove|Wharf|Embankment|Expressway|Freeway)\b)"
    r"(?! (?:Food|Art|View|Journal|Thru|Through|Party|Wear|Style"
    r"|Market|Map|Sale|Fair|Festival|Cafe)\b)"
    r"(?: (?:NW|NE|SW|SE|N|S|E|W)\b)?)(?!['’-]\w)",
)
PARTICLE: Final = (
    r"(?:de la|de los|de las|de l['’]|della|delle|dei|degli|dell['’]|del|de|du|des|d['’]|di|da|do|la|le|les|los|las|el|l['’]"
    r"|van de|van|te|sur|et|y|e|i)"
)
ROMANCE_NAME: Final = (
    rf"(?:{PARTICLE}[ ]?){{0,2}}(?:[{CAPITALS}][\w'’.-]{{0,30}}|\d{{1,2}}(?= [{CAPITALS}a-z]))"
    rf"(?:[ -](?:{PARTICLE} ?)?[{CAPITALS}][\w'’.-]{{0,30}}){{0,4}}"
)
FRENCH: Final = re.compile(
    rf"(?<![\w.,€/:-])(?P<number>\d{{1,4}}(?: ?(?:bis|ter|quater|[A-D])\b)?),? (?P<name>(?i:rue|avenue|av\.?|boulevard|bd\.?"
    rf"|bld\.?|boul\.?|place|pl\.|chemin"
    rf"|ch\.|all[ée]e|impasse|quai|cours|route|rte|square|passage|sentier|faubourg|esplanade) {ROMANCE_NAME})"
)
LEADING: Final = (
    r"(?i:(?:calle|avenida|avda|av|plaza|pza|pl|paseo|camino|carrer|ronda|travesía|gran vía|rambla|passeig|glorieta|cuesta"
    r"|carretera|ctra"
    r"|via|viale|v\.le|piazza|p\.?z?za|piazzale|corso|c\.so|largo|vicolo|strada|lungo\w+|ul|ulica|aleja|rue"
    r"|avenue|boulevard|chaussée|place|quai|chemin|route) |(?:c/|c\.|avda\.|av\.|pza\.|pl\.|p[º°]\.?|po\.|ctra\.|v\.le"
    r"|p\.?z?za\.?"
    r"|c\.so|ul\.|al\.|os\.) ?)"
)
ROMANCE: Final = re.compile(
    rf"(?<![^\W_])(?P<name>(?:{LEADING}{ROMANCE_NAME}|(?i:gran v[íi]a))),? {{0,2}}(?:n[º°.]? ?)?{NUMBER}{END}"
)
NO_STREET: Final = re.compile(
    r"(?:\w*(?:park|stell|sitz|liege|rast|camping|arbeits|spiel|steh|lager|lade|stand|fest|bau|grill|tennis|zelt)platz"
    r"|bundesstra\w+|autobahn\w*|kreisstr\w*|landesstr\w*"
    r"|\w*(?:super|bau|fach|floh|weihnachts|jahr|verbraucher|drogerie|getränke|wochen|arbeits|aktien|lebensmittel)markt"
    r"|\w*bahnhof|\w*(?:bahn|busbahn)hof|\w*(?:ge|her|sp|h|boh)ring"
    r"|\w*(?:um|halb|aus|rad|wander|flucht|rettungs|not|mehr|ein|fahr|reit|fuß|geh)weg|(?:sack|rettungs)gasse"
    r"|(?:einbahn|wasch|schnell|kraftfahr|vorfahrts|fertigungs|produktions|sesam)stra\w+|kaufhof|friedhof|bauernhof|recyclinghof"
    r"|wertstoffhof|innenhof|schulhof|(?:media|euro|super|sonder|discount) ?markt"
    r"|\w*(?:schlüssel|zahn|box|ohr|ehe|trau|dichtungs|kolben|finger|gummi|schwimm|verlobungs|freundschafts"
    r"|sicherungs)ring|\w*(?:bahn|bürger|aus|ein|um|an|ab|auf)steig|\w*(?:tages|preis"
    r"|gleis|knopf|kühl|dach|motor|[aeiou]k|a|ni|di|ro|mo)tor|\w*stadttor"
    r"|(?:ski)?berg|hof|tor|markt|ring|wall|platz|weg|steig|str|damm|spring|\w*bring|ausgang|eingang)",
    re.IGNORECASE,
)
"""What ends like a street and is none; the words alone are none either."""
NO_PLACE: Final = re.compile(
    r"\b(?:angebot\w*|preis\w*|(?:mon|diens|donners|frei|sams|sonn)tag\w*|mittwoch\w*|janu?ar|februar|märz|april|mai|juni"
    r"|juli|august|september|oktober|november|dezember|gleis"
    r"|set|pack\w*|alter|jahre?|umkreis|stock\w*|gate|schalter|bahnsteig|raum|zimmer|halle|kapitel|seite|spiel|test|tisch"
    r"|aktion|wert|monat|woche|tag|glas|beutel|karton|doppelpack|kasse|theke|regal|karte|ende|mitnehmen|steuer|telefon"
    r"|ausgang|eingang|start|ziel|finale|halbfinale|team|netz|schnitt|paket|umfang)\b",
    re.IGNORECASE,
)
NO_ENGLISH: Final = re.compile(
    r"\b(?:hours?|minutes?|min|days?|stars?|best|new|years?|weeks?|months?|miles?|km|percent|off|free|only|easy|more|another"
    r"|great|mins?|hrs?|people|steps?|sec|seconds|lanes?"
    r"|tb|gb|mb|hard|flash|usb|disk|wheel|speed|volts?|watts?|bit|tour|cars?|holes?|golf|tennis|bedrooms?|beds?|baths?|seats?"
    r"|persons?|course|inch|foot|feet|mph|doors?|cylinder|gallons?|test|pass|sleeps|for|with|and|the"
    r"|way|one|two|big|left|right|per|no|open|close|closed|am|pm|all|any|piece|pack)\b",
    re.IGNORECASE,
)
NO_ROMANCE: Final = re.compile(
    r"corso (?:base|avanzat\w+|intensiv\w+|serale|online|yoga|pilates|(?:di )?(?:inglese|spagnolo|tedesco|francese|italiano))\b"
    r"|via (?:libera|mail|e-?mail|sms|app|web|fax|cavo|wi-?fi|bluetooth|usb|hdmi|lan|satellite|radio|internet|rail)\b"
    r"|plaza hotel\b|place (?:assise|debout)",
    re.IGNORECASE,
)
"""What begins like a street in Italy, France or Spain, and is a course, a way of sending or the like."""
COUNTED: Final = re.compile(
    r"\b(?:exit|bus|tram|line|route|ch|channel|platform|gate|level|floor|room|zone|track|stop|junction|jct|top|for|size|page"
    r"|chapter|episode|season|part|vol|week|lap|round|stage|pier|dock|lane|bay|seat|row|stand|section|x|vs"
    r"|unit|flat|apt|suite|shop|box|ligne|métro|metro|sortie|quai|porte|voie|gare|salida|uscita)\.? $",
    re.IGNORECASE,
)
"""What has the number that stands before a street."""
YEAR: Final = re.compile(r"(?:19|20)\d\d")
"""What is a year rather than a house."""


def find(line: Line, region: str) -> Iterator[Attribute]:
    """Streets with a number in a line; the words tell the language, but for a `via` outside Italy and Switzerland."""
    if not ANY_DIGIT.search(line.text):
        return
    for form in (GERMANIC, PLACED, ENGLISH, FRENCH, ROMANCE):
        for match in some(form, line.text):
            if _is_street(form, match, region):
                yield Attribute("street", " ".join(match[0].split()), match.span())


def _is_street(form: re.Pattern[str], match: re.Match[str], region: str) -> bool:
    name = match["name"]
    if form in (ENGLISH, FRENCH) and COUNTED.search(match.string[max(0, match.start() - 12) : match.start()]):
        return False
    if form is ENGLISH:
        return not NO_ENGLISH.search(name.rpartition(" ")[0])
    if YEAR.fullmatch(match["number"]):
        return False
    if form is PLACED:
        return name.startswith(("Straße", "Strasse", "Platz", "Allee")) or not NO_PLACE.search(name)
    if form is ROMANCE:
        is_way = name.startswith("via ") and region not in ("IT", "CH")
        return not is_way and not NO_ROMANCE.match(name)
    return form is not GERMANIC or not (NO_STREET.fullmatch(name) or countries_of(name))
