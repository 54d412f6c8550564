"""Large cities, by which a postal code tells its country.

Owns: the names, as people write them there and next door, in lower case and without accents.
"""

from __future__ import annotations

import unicodedata
from typing import Final


def names(text: str) -> frozenset[str]:
    """The names of a list with commas."""
    return frozenset(text.split(", "))


CITIES: Final = {
    "DE": names(
        "berlin, hamburg, munchen, muenchen, munich, koln, koeln, frankfurt, stuttgart, dusseldorf, duesseldorf, leipzig, "
        "dortmund, essen, bremen, dresden, hannover, nurnberg, nuernberg, duisburg, bochum, wuppertal, bielefeld, bonn, "
        "munster, muenster, karlsruhe, mannheim, augsburg, wiesbaden, gelsenkirchen, monchengladbach, braunschweig, "
        "chemnitz, kiel, aachen, halle, magdeburg, freiburg, krefeld, lubeck, luebeck, oberhausen, erfurt, mainz, "
        "rostock, kassel, hagen, saarbrucken, potsdam, ludwigshafen, oldenburg, leverkusen, osnabruck, solingen, "
        "heidelberg, herne, neuss, darmstadt, paderborn, regensburg, ingolstadt, wurzburg, furth, wolfsburg, offenbach, "
        "ulm, heilbronn, pforzheim, gottingen, bottrop, trier, recklinghausen, reutlingen, bremerhaven, koblenz, jena, "
        "remscheid, erlangen, moers, siegen, hildesheim, salzgitter, cottbus, gera, weimar, tubingen, konstanz, passau, "
        "bamberg, bayreuth, flensburg, schwerin, gutersloh"
    ),
    "AT": names(
        "wien, vienna, graz, linz, salzburg, innsbruck, klagenfurt, villach, wels, st. polten, sankt polten, dornbirn, "
        "wiener neustadt, steyr, feldkirch, bregenz, leonding, klosterneuburg, baden, wolfsberg, leoben, krems, traun, "
        "amstetten, kapfenberg, lustenau, eisenstadt, modling, hallein, kufstein, traiskirchen, schwechat, braunau, "
        "stockerau, saalfelden, ansfelden, tulln, hohenems, spittal, telfs, bludenz, zell am"
    ),
    "CH": names(
        "zurich, zuerich, geneve, genf, geneva, basel, lausanne, bern, berne, winterthur, luzern, lucerne, st. gallen, "
        "lugano, biel, thun, bellinzona, koniz, fribourg, freiburg, schaffhausen, chur, vernier, uster, sion, lancy, "
        "emmen, neuchatel, zug, yverdon-les-bains, kriens, rapperswil, montreux, frauenfeld, dietikon, baar, davos, "
        "zermatt, aarau, baden, olten, solothurn, interlaken, locarno, vevey, nyon, wil, wadenswil"
    ),
    "FR": names(
        "paris, marseille, lyon, toulouse, nice, nantes, montpellier, strasbourg, bordeaux, lille, rennes, reims, toulon, "
        "saint-etienne, le havre, grenoble, dijon, angers, villeurbanne, nimes, clermont-ferrand, aix-en-provence, le "
        "mans, brest, tours, amiens, limoges, annecy, boulogne-billancourt, perpignan, metz, besancon, orleans, rouen, "
        "mulhouse, caen, nancy, argenteuil, saint-denis, roubaix, tourcoing, montreuil, avignon, poitiers, versailles, "
        "courbevoie, pau, colmar, cannes, antibes, la rochelle, calais, biarritz, bayonne, ajaccio, bastia, chamonix, "
        "vannes, quimper, troyes, chambery, valence, lorient, carcassonne, arles, saint-malo, dunkerque, beziers"
    ),
    "IT": names(
        "roma, rome, milano, milan, napoli, naples, torino, turin, palermo, genova, bologna, firenze, florence, bari, "
        "catania, verona, venezia, venice, messina, padova, trieste, brescia, parma, prato, taranto, modena, reggio, "
        "perugia, ravenna, livorno, rimini, cagliari, foggia, ferrara, salerno, latina, monza, siracusa, bergamo, "
        "pescara, trento, forli, vicenza, terni, bolzano, novara, piacenza, ancona, udine, arezzo, cesena, lecce, pesaro, "
        "como, pisa, lucca, siena, treviso, varese, la spezia, cremona, pavia, matera, asti, merano, sorrento, amalfi, "
        "assisi"
    ),
    "ES": names(
        "madrid, barcelona, valencia, sevilla, zaragoza, malaga, murcia, palma, las palmas, bilbao, alicante, cordoba, "
        "valladolid, vigo, gijon, hospitalet, vitoria, vitoria-gasteiz, a coruna, la coruna, granada, elche, oviedo, "
        "badalona, cartagena, terrassa, jerez, sabadell, mostoles, santa cruz, pamplona, almeria, fuenlabrada, leganes, "
        "donostia, san sebastian, burgos, albacete, santander, castellon, alcorcon, getafe, salamanca, logrono, huelva, "
        "badajoz, tarragona, leon, cadiz, lleida, marbella, girona, toledo, segovia, avila, ibiza, caceres, lugo, "
        "ourense, pontevedra, santiago, ronda, sitges, benidorm, torrevieja, mataro, reus"
    ),
    "BE": names(
        "bruxelles, brussel, brussels, antwerpen, anvers, antwerp, gent, gand, ghent, charleroi, liege, luik, brugge, "
        "bruges, namur, namen, leuven, louvain, mons, bergen, mechelen, aalst, la louviere, hasselt, sint-niklaas, "
        "kortrijk, oostende, ostende, tournai, genk, seraing, roeselare, verviers, mouscron, beveren, dendermonde, "
        "beringen, turnhout, knokke, ixelles, schaerbeek, uccle, anderlecht, ieper, wavre, waterloo, eupen"
    ),
    "NL": names(
        "amsterdam, rotterdam, den haag, 's-gravenhage, the hague, utrecht, eindhoven, groningen, tilburg, almere, breda, "
        "nijmegen, apeldoorn, haarlem, arnhem, enschede, amersfoort, zaanstad, zaandam, den bosch, 's-hertogenbosch, "
        "haarlemmermeer, hoofddorp, zwolle, leiden, leeuwarden, zoetermeer, maastricht, dordrecht, ede, alphen, alkmaar, "
        "emmen, delft, venlo, deventer, hilversum, heerlen, helmond, hengelo, gouda, schiedam, lelystad, roosendaal, "
        "purmerend, middelburg, vlissingen, assen, roermond, schiphol, delfzijl, volendam, texel"
    ),
    "PL": names(
        "warszawa, warsaw, krakow, cracow, lodz, łodz, wroclaw, wrocław, poznan, gdansk, szczecin, bydgoszcz, lublin, "
        "bialystok, białystok, katowice, gdynia, czestochowa, radom, torun, sosnowiec, rzeszow, kielce, gliwice, olsztyn, "
        "zabrze, bielsko-biala, bytom, zielona gora, rybnik, ruda, opole, tychy, gorzow, elblag, plock, dabrowa, "
        "walbrzych, wloclawek, tarnow, chorzow, koszalin, kalisz, legnica, sopot, zakopane"
    ),
}
"""By country, from the lists of the largest at https://en.wikipedia.org/wiki/List_of_cities_by_country."""
AIRPORTS: Final = names(
    "new york, los angeles, san francisco, chicago, atlanta, dallas, denver, boston, seattle, miami, orlando, las vegas, "
    "phoenix, houston, philadelphia, washington, detroit, minneapolis, charlotte, newark, baltimore, salt lake, san "
    "diego, tampa, portland, austin, nashville, st. louis, new orleans, honolulu, anchorage, toronto, montreal, "
    "vancouver, calgary, ottawa, mexico, cancun, bogota, lima, sao paulo, rio, buenos aires, santiago, london, heathrow, "
    "gatwick, stansted, luton, manchester, birmingham, bristol, edinburgh, glasgow, belfast, dublin, cork, oslo, bergen, "
    "stockholm, goteborg, copenhagen, kobenhavn, kopenhagen, helsinki, tallinn, riga, vilnius, moscow, moskau, kyiv, "
    "prague, prag, praha, budapest, bratislava, bucharest, bukarest, sofia, belgrade, belgrad, zagreb, ljubljana, split, "
    "dubrovnik, athens, athen, thessaloniki, heraklion, rhodos, kos, korfu, santorin, istanbul, ankara, izmir, antalya, "
    "larnaca, tel aviv, cairo, kairo, hurghada, tunis, casablanca, marrakech, marrakesch, dubai, abu dhabi, doha, riyadh, "
    "jeddah, kuwait, delhi, mumbai, bangalore, colombo, male, bangkok, phuket, singapore, singapur, kuala lumpur, "
    "jakarta, bali, denpasar, manila, hanoi, hong kong, shanghai, beijing, peking, guangzhou, taipei, seoul, tokyo, "
    "tokio, osaka, sydney, melbourne, brisbane, perth, auckland, johannesburg, cape town, kapstadt, nairobi, lagos, "
    "addis, accra, lisbon, lissabon, lisboa, porto, faro, funchal, palma, mallorca, ibiza, tenerife, teneriffa, gran "
    "canaria, las palmas, fuerteventura, lanzarote, malta, luxembourg, luxemburg, geneva, genf, mailand, rom, neapel, "
    "venedig, olbia, cagliari, lamezia, nizza, mulhouse, friedrichshafen, memmingen, westerland, sylt, eindhoven, "
    "charleroi, reykjavik, keflavik, cleveland, pittsburgh, cincinnati, columbus, indianapolis, kansas, memphis, "
    "milwaukee, oakland, sacramento, san jose, raleigh, jacksonville, fort lauderdale, boise, reno, tucson, albuquerque, "
    "el paso, spokane, omaha, tulsa, burbank, punta cana, la habana, havanna, havana, varadero, montego bay, san juan, bergamo, "
    "beauvais, basel, euroairport, paphos, chania, kreta, kefalonia, zakynthos, corfu, rhodes, crete, bodrum, dalaman, "
    "trondheim, stavanger, gdansk, danzig, krakau, breslau, warschau, tirana, skopje, sarajevo, podgorica, tivat, pristina, "
    "chisinau, tbilisi, baku, jerewan, yerevan, tashkent, almaty, sharjah, muscat, bahrain, amman, beirut, sharm, djerba, "
    "monastir, agadir, fez, tangier, alger, algiers, dakar, abidjan, sansibar, zanzibar, mauritius, seychelles, reunion, "
    "malediven, maldives, kathmandu, dhaka, karachi, lahore, islamabad, chennai, hyderabad, kolkata, goa, saigon, ho chi minh, "
    "sapporo, nagoya, incheon, adelaide, christchurch, nassau, quito, caracas, medellin, cartagena, panama, san salvador, "
    "guatemala, halifax, edmonton, winnipeg, quebec, maui, kahului, kona, albany, buffalo, hartford, richmond, norfolk, "
    "savannah, charleston, sarasota, fort myers, west palm, liverpool, leeds, newcastle, east midlands, southampton, exeter, "
    "aberdeen, inverness, shannon, jersey, guernsey, menorca, mahon, la palma, asturias, brindisi, alghero, trapani, comiso, "
    "linate, malpensa, fiumicino, ciampino, orly, roissy, bordeaux, figari, calvi"
)
"""Cities that flights lead to from the countries above."""


def folded(name: str) -> str:
    """A name in lower case without accents, as lists and recognisers write it."""
    if name.isascii():
        return name.lower()
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def countries_of(city: str) -> tuple[str, ...]:
    """The countries of which a name begins like that of a large city."""
    begin = _beginnings(city)
    return tuple(country for country, cities in CITIES.items() if begin & cities)


def has_airport(text: str) -> bool:
    """Whether a text begins or ends with the name of a city that flights lead to."""
    begin, end = _beginnings(text), _beginnings(text, -1)
    return any((begin | end) & cities for cities in (AIRPORTS, *CITIES.values()))


def _beginnings(text: str, side: int = 1) -> frozenset[str]:
    words = folded(text[:40] if side > 0 else text[-40:]).split()[::side][:3][::side]
    parts = (words[:count] if side > 0 else words[-count:] for count in (1, 2, 3))
    return frozenset(" ".join(part).strip(".,-–|:") for part in parts)
