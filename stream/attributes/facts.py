"""Facts that finders ask for: codes of countries, airlines and districts, and ends of web addresses.

Owns: the lists, and where each is from.
"""

from __future__ import annotations

from typing import Final


def codes(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


COUNTRIES: Final = codes(
    "AD AE AF AG AI AL AM AO AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG CH CI CK CL "
    "CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR "
    "GT GU GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
    "LT LU LV LY MA MC MD ME MG MH MK ML MM MN MO MQ MR MS MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU NZ OM PA PE PF "
    "PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TG TH TJ "
    "TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WS YE YT ZA ZM ZW"
)
"""Alpha-2 codes of ISO 3166-1, but for places without post."""
AIRLINES: Final = codes(
    "0B 2B 2L 2P 2S 3H 3K 3S 3U 4B 4M 4N 4U 4Y 4Z 5F 5J 5N 5T 5W 5Z 6E 6H 6J 7C 7G 7H 7R 8D 8L 8M 8Q 9C 9H 9U 9W A3 A9 AA "
    "AB AC AD AF AH AI AK AM AQ AR AS AT AV AY AZ B2 B6 B8 BA BC BE BF BG BI BJ BR BT BV BW BX BY C3 C8 CA CI CM CU CX CY "
    "CZ D6 D7 D8 DD DE DL DP DS DT DX DY E2 E3 E6 E9 EI EK EN EO ET EW EY F3 F7 F8 F9 FA FB FD FI FJ FM FR FZ G3 G4 G7 G8 "
    "G9 GA GF GJ GK GL GS H1 H2 H5 H8 H9 HA HC HD HF HM HO HU HV HX HY HZ I5 IA IB ID IG IJ IR IT IX IZ J2 J5 J8 J9 JA JD "
    "JJ JL JP JQ JT JU JY K2 K6 K7 KA KC KE KL KM KQ KR KU KX KY L3 L6 LA LG LH LJ LM LO LS LX LY M0 M3 M5 MD ME MF MH MK "
    "MM MN MS MT MU MX MZ N0 N4 N8 NE NF NH NK NO NT NX NZ O3 O4 OA OB OD OG OK OM OR OS OU OV OX OY OZ P2 P4 P5 PC PD PE "
    "PF PG PK PN PR PS PW PX PY Q2 Q4 Q5 Q7 QF QH QP QR QS QV QW QZ R2 R3 RC RE RJ RK RO RX S0 S1 S4 S7 S8 SA SB SC SG SI "
    "SK SL SN SP SQ SS SU SV SY SZ T0 T3 T7 TB TG TK TL TN TO TP TR TS TU TW TX U2 U3 U4 U5 U6 UA UG UK UL UO UP UQ UT UU "
    "UX V3 V4 V5 V7 V8 VA VB VF VJ VL VN VS VT VX VY VZ W1 W2 W3 W4 W6 W8 W9 WA WB WE WF WG WJ WK WM WN WS WX WY WZ X3 XC "
    "XJ XK XL XN XP XQ XR XT XY Y4 Y7 Y8 YB YM Z2 Z7 Z8 ZB ZE ZG ZH ZL ZT ZX"
)
"""Designators of the International Air Transport Association of airlines that fly
(https://www.iata.org/en/publications/directories/code-search)."""
STATES: Final = codes(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI "
    "SC SD TN TX UT VT VA WA WV WI WY"
)
"""The states of the US, as its post writes them (USPS Publication 28, appendix B)."""
STATE_NAMES: Final = codes(
    "Alabama Alaska Arizona Arkansas California Colorado Connecticut Delaware Florida Georgia Hawaii Idaho Illinois "
    "Indiana Iowa Kansas Kentucky Louisiana Maine Maryland Massachusetts Michigan Minnesota Mississippi Missouri "
    "Montana Nebraska Nevada New_Hampshire New_Jersey New_Mexico New_York North_Carolina North_Dakota Ohio Oklahoma "
    "Oregon Pennsylvania Rhode_Island South_Carolina South_Dakota Tennessee Texas Utah Vermont Virginia Washington "
    "West_Virginia Wisconsin Wyoming"
)
"""Their names in full, with a _ for a space."""
DISTRICTS_DE: Final = codes(
    "A AA AB ABG ABI AC AE AH AIB AIC AK ALF ALZ AM AN ANA ANG ANK AP APD ARN ART AS ASL ASZ AT AU AUR AW AZ AZE AÖ B BA BAD "
    "BAR BB BBG BBL BC BCH BD BE BED BER BF BGD BGL BH BI BID BIN BIR BIT BIW BK BKS BL BLB BLK BM BN BNA BO BOG BOH BOR BOT "
    "BP BRA BRB BRG BRK BRL BRV BS BSB BSK BT BTF BUL BW BWL BYL BZ BÖ BÜD BÜR BÜS BÜZ C CA CAS CB CE CHA CLP CLZ CO COC COE "
    "CR CUX CW D DA DAH DAN DAU DBR DD DE DEG DEL DGF DH DI DIL DIN DIZ DKB DL DLG DM DN DO DON DU DUD DW DZ DÜW E EA EB EBE "
    "EBN EBS ECK ED EE EF EG EH EI EIC EIL EIN EIS EL EM EMD EMS EN ER ERB ERH ERK ERZ ES ESB ESW EU EW F FB FD FDB FDS FEU "
    "FF FFB FG FI FKB FL FLÖ FN FO FOR FR FRG FRI FRW FS FT FTL FW FZ FÜ FÜS G GA GAN GAP GC GD GDB GE GEL GEO GER GF GG GHA "
    "GHC GI GK GL GLA GM GMN GN GNT GOA GOH GP GR GRA GRH GRI GRM GRZ GS GT GTH GUB GUN GV GVM GW GZ GÖ GÜ H HA HAB HAL HAM "
    "HAS HB HBN HBS HC HCH HD HDH HDL HE HEB HEF HEI HEL HER HET HF HG HGN HGW HH HHM HI HIG HIP HK HL HM HMÜ HN HO HOG HOH "
    "HOL HOM HOR HOT HP HR HRO HS HSK HST HU HV HVL HWI HX HY HZ HÖS IGB IK IL ILL IN IZ J JE JL JÜL K KA KB KC KE KEH KEL "
    "KEM KF KG KH KI KIB KK KL KLE KLZ KM KN KO KR KRU KS KT KU KUS KW KY KYF KÖN KÖT KÖZ KÜN L LA LAN LAU LB LBS LBZ LC LD "
    "LDK LDS LEO LER LEV LF LG LH LI LIB LIF LIP LL LM LN LOS LP LR LRO LSA LSN LSZ LU LUP LWL LÖ LÖB LÜN M MA MAB MAI MAK "
    "MAL MB MC MD ME MED MEG MEI MEK MEL MER MET MG MGH MGN MH MHL MI MIL MK MKK ML MM MN MO MOD MOL MON MOS MQ MR MS MSE MSH "
    "MSP MST MTK MTL MVL MW MY MYK MZ MZG MÜ MÜB MÜR N NAB NAI NAU NB ND NDH NE NEA NEB NEC NEN NES NEW NF NH NI NK NL NM NMB "
    "NMS NOH NOL NOM NOR NP NR NRW NT NU NVP NW NWM NY NZ NÖ OA OAL OB OBB OBG OC OCH OD OE OF OG OH OHA OHV OHZ OK OL OP OPR "
    "OS OSL OTW OVI OVL OVP OZ P PA PAF PAN PAR PB PCH PE PEG PF PI PIR PL PLÖ PM PN PR PRÜ PS PW PZ QFT QLB R RA RC RD RDG "
    "RE REG REH REI RG RH RI RID RIE RL RM RN RO ROD ROF ROK ROL ROS ROT ROW RP RPL RS RSL RT RU RV RW RZ RÜD RÜG S SAB SAD "
    "SAL SAN SAW SB SBG SBK SC SCZ SDH SDL SDT SE SEB SEE SEF SEL SFB SFT SG SGH SH SHA SHG SHK SHL SI SIG SIM SK SL SLE SLF "
    "SLG SLK SLN SLS SLZ SLÜ SM SMÜ SN SO SOB SOG SOK SON SP SPB SPN SR SRB SRO ST STA STB STD STE STL STO SU SUL SW SWA SY "
    "SZ SZB SÄK SÖM SÜW TBB TDO TE TET TF TG THL THW TIR TO TP TR TS TT TUT TÖL TÜ UE UEM UER UFF UH UL UM UN USI V VAI VB "
    "VEC VER VG VIB VIE VIT VK VOH VR VS W WA WAF WAK WAN WAR WAT WB WBG WBS WDA WE WEL WEN WER WES WF WG WHV WI WIL WIS WIT "
    "WIZ WK WL WLG WM WMS WN WND WO WOB WOH WOL WOR WOS WR WRN WS WSF WST WSW WT WTL WTM WUG WUN WUR WW WZ WZL WÜ WÜM Z ZE "
    "ZEL ZI ZIG ZP ZR ZW ZZ ÖHR ÜB"
)
"""Where cars are registered in Germany (https://de.wikipedia.org/wiki/Liste_der_Kfz-Kennzeichen_in_Deutschland)."""
DISTRICTS_AT: Final = codes(
    "A AM B BA BB BH BL BM BN BP BR BZ DL DO E EF EU FB FE FF FK FR FV G GB GD GF GM GR GS GU HA HB HE HF HL HO I IL IM JE JO "
    "JU JW K KB KF KI KL KO KR KS KU L LA LB LE LF LI LL LN LZ MA MD ME MI MT MU MW MZ N ND NK O OP OW P PE PL PT RA RE RI RO "
    "S SB SD SE SL SO SP SR SV SW SZ TA TD TK TU UU VB VI VK VL VO W WB WD WE WK WL WN WO WT WU WY WZ ZE ZT ZW"
)
"""Where cars are registered in Austria (https://de.wikipedia.org/wiki/Kfz-Kennzeichen_(Österreich))."""
CANTONS: Final = codes("AG AI AR BE BL BS FR GE GL GR JU LU NE NW OW SG SH SO SZ TG TI UR VD VS ZG ZH")
"""The cantons of Switzerland, as on its plates (SR 741.51, Verkehrszulassungsverordnung, Art. 84)."""
DISTRICTS_PL: Final = codes(
    "BAU BBI BGR BHA BI BIA BKL BL BLM BMN BS BSE BSI BSK BSU BWM BZA CAL CB CBR CBY CCH CG CGD CGR CIN CLI CMG CNA CRA CRY "
    "CSE CSW CT CTR CTU CW CWA CWL CZN DB DBL DDZ DGL DGR DJ DJA DJE DKA DKL DL DLB DLE DLU DLW DMI DOA DOL DPL DSR DST DSW "
    "DTR DW DWL DWR DX DZA DZG DZL EBE EBR ED EKU EL ELA ELC ELE ELW EOP EP EPA EPD EPI EPJ ERA ERW ES ESI ESK ETM EWE EWI "
    "EZD EZG FG FGW FKR FMI FNW FSD FSL FSU FSW FWS FZ FZA FZG FZI GA GBY GCH GCZ GD GDA GKA GKS GKW GKY GKZ GLE GMB GND GPU "
    "GS GSL GSP GST GSZ GTC GWE GWO KBA KBC KBR KCH KDA KGR KIK KK KLI KMI KMY KN KNS KNT KOL KOS KPR KR KRA KSU KT KTA KTT "
    "KWA KWI LB LBI LBL LC LCH LHR LJA LKR LKS LLB LLE LLU LOP LPA LPU LRA LRY LSW LTM LU LUB LWL LZ LZA NBA NBR NDZ NE NEB "
    "NEL NGI NGO NIL NKE NLI NMR NNI NNM NO NOE NOL NOS NPI NSZ NWE OB OGL OK OKL OKR ONA ONY OOL OP OPO OPR OST PA PCH PCT "
    "PGN PGO PGS PJA PK PKA PKE PKL PKN PKR PKS PL PLE PMI PN PNT PO POB POS POT POZ PP PPL PRA PSE PSL PSR PSZ PTU PWA PWL "
    "PWR PY PZ PZL RBI RBR RDE RJA RJS RK RKL RKR RLA RLE RLS RLU RMI RNI RP RPR RPZ RRS RSA RSR RST RT RTA RZ RZE SB SBE SBI "
    "SBL SBN SC SCI SCN SCZ SD SG SGL SH SI SIK SJ SJZ SK SKL SL SLU SLW SM SMI SMY SN SO SP SPS SR SRB SRC SRS ST STA STY SW "
    "SWD SWZ SY SZ SZA SZO SZY TBU TJE TK TKA TKI TKN TLW TOP TOS TPI TSA TSK TST TSZ TWL WA WB WBR WCI WD WE WF WG WGM WGR "
    "WGS WH WI WJ WK WKZ WL WLI WLS WM WMA WML WN WND WO WOR WOS WOT WP WPI WPL WPN WPR WPU WPW WPY WPZ WR WRA WS WSC WSE WSI "
    "WSK WSZ WT WU WW WWE WWL WWY WX WY WZ WZU WZW WZY ZBI ZCH ZDR ZGL ZGR ZGY ZK ZKA ZKL ZKO ZLO ZMY ZO ZPL ZPY ZS ZSD ZSL "
    "ZST ZSW ZSZ ZWA"
)
"""Where cars are registered in Poland (https://en.wikipedia.org/wiki/Vehicle_registration_plates_of_Poland)."""
POST_AREAS_GB: Final = codes(
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G GL GU "
    "GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE "
    "PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO "
    "ZE"
)
"""What postcodes of the United Kingdom begin with
(https://en.wikipedia.org/wiki/List_of_postcode_areas_in_the_United_Kingdom)."""
ROUTING_KEYS_IE: Final = codes(
    "A41 A42 A45 A63 A67 A75 A81 A82 A83 A84 A85 A86 A91 A92 A94 A96 A98 C15 D01 D02 D03 D04 D05 D06 D07 D08 D09 D10 D11 D12 "
    "D13 D14 D15 D16 D17 D18 D20 D22 D24 D6W E21 E25 E32 E34 E41 E45 E53 E91 F12 F23 F26 F28 F31 F35 F42 F45 F52 F56 F91 F92 "
    "F93 F94 H12 H14 H16 H18 H23 H53 H54 H62 H65 H71 H91 K32 K34 K36 K45 K56 K67 K78 N37 N39 N41 N91 P12 P14 P17 P24 P25 P31 "
    "P32 P36 P43 P47 P51 P56 P61 P67 P72 P75 P81 P85 R14 R21 R32 R35 R42 R45 R51 R56 R93 R95 T12 T23 T34 T45 T56 V14 V15 V23 "
    "V31 V35 V42 V92 V93 V94 V95 W12 W23 W34 W91 X35 X42 X91 Y14 Y21 Y25 Y34 Y35"
)
"""What Eircodes begin with (https://en.wikipedia.org/wiki/List_of_Eircode_routing_areas_in_Ireland)."""
TOP_LEVEL: Final = codes(
    "ac ad ae af ag ai al am ao ar at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch ci "
    "ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et fi fj fm fo fr ga gd ge gf gg gh gi gl gm gn gp "
    "gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb "
    "lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np "
    "nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st "
    "su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu ws ye yt za zm zw "
    "aero agency alsace amsterdam app art asia auto autos bakery bar barcelona bayern beer berlin bike bio biz blog boston "
    "brussels business bzh cafe care cars cat catering center church city clinic cloud club coffee cologne com community "
    "company coop corsica cymru delivery dental design dev digital doctor eco edu email eu eus events express farm fashion "
    "finance fit fitness flowers foundation frl fun gal gallery games garden gent global gmbh gold gov green group guide guru "
    "hamburg haus health hotel hotels house immo immobilien info int irish jetzt jewelry jobs kaufen kitchen kiwi koeln land "
    "life link live llc london love ltd madrid market media miami mil mobi money movie museum name net news ngo nrw nyc one "
    "ong online org organic page paris parts party photo photos pizza plus press pro pub reise reisen rent restaurant rocks "
    "ruhr run saarland sale salon school schule scot services shoes shop show site social software solutions space store "
    "studio style support swiss systems taxi team tech tickets tips tirol today tokyo tools top tours town toys travel vegas "
    "versicherung vet video vin vip vlaanderen wales web website wien wiki wine work works world xyz yoga zone"
)
"""Ends of web addresses: those of countries, and of the others those on signs
(https://data.iana.org/TLD/tlds-alpha-by-domain.txt)."""
