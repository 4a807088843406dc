"""What English words ask for, as patterns over a text that was read: one list for each thing that is refused."""

import re
from collections.abc import Iterable
from functools import cache

from contracts.safety.vocabulary import (
    ACCESSORIES,
    ALWAYS,
    CHILDREN,
    CLOTHES,
    COLOURED,
    COVERS,
    FIGURES,
    NAKED_THINGS,
    NEVER,
    NUMBERS,
    PARTS,
    SUGGESTIVE,
    SWIMWEAR,
    UNDERWEAR,
    UNDRESSING,
)


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(words)})"


_OWN = (
    r"(?:the |her |his |their |my |your |its |an? |all |any |every |some |of |that |this |womans |mans |girls |boys |"
    r"models |persons )*"
)
_ADJ = r"(?:\w+ ){0,2}?"
_COVER = _any((*CLOTHES, *COVERS, *SWIMWEAR, *UNDERWEAR, "t shirt", "t shirts", "bathing suit"))
_WORN = rf"{_COVER}(?! {_any(PARTS)} )"
_SHOWN = r"(?:breasts?|chest|nipples?|butt|bottom|bum|ass|bosom|body|torso|crotch|groin|skin|flesh|belly and chest)"
_BARE = r"(?:bare|bared|naked|nude|exposed|uncovered|unclothed|undressed)"
_NOT_A_PART = (
    r"(?! (?:pocket|pockets|print|logo|patch|welt|darts?|panel|panels|seam|seams|stitching|zipper|brick|suit|length))"
)
_OF_SOMEBODY = (
    r"(?:her|his|their|the|a|my|womans|mans|girls|models|human|female|male|own|real|natural|realistic|smooth|soft|only"
    r"|just)"
)
_HERS = r"(?:her|his|their|womans|womens|mans|girls|human|female|male|own|real|natural|realistic|bare|naked)"
_FIGURE = _any(FIGURES)
_UNDRESSED = _any(sorted(UNDRESSING - {"undressed"}))
_SOMEONE = (
    r"(?:her|him|them|woman|man|girl|boy|person|model|lady|guy|customer|female|male|child|teen|herself|himself|people|"
    r"women|men)"
)

NUDITY = (
    rf" {_any(sorted(set(ALWAYS) - UNDRESSING - {'xxx', 'lewd'}))} ",
    r" xxx (?!large|l |size)| lewd ",
    # The colour: what is coloured follows it, or it stands where colours stand.
    rf"(?<! in)(?<! of)(?<! tone)(?<! shade)(?<! colour)(?<! color)(?<! colour \|)(?<! color \|"
    rf") nude (?!(?:and )?{_any(COLOURED)} )",
    rf" (?:in|of|tone|shade|colour|color)(?: \|)? nude (?!\| |$|(?:and )?{_any(COLOURED)} )",
    rf" (?:fully|completely|totally|partially|partly|semi|half|stark|is|was|stands|lies|lying|posing|herself|"
    rf"himself) (?:in the )?nude (?!{_any(COLOURED)} )",
    rf" (?:woman|man|women|men|girl|boy|model|person|people|she|he|lady|guy|body|her|him) nude | nude {_FIGURE} ",
    rf" naked (?!{_any(NAKED_THINGS)} )| {_BARE} naked | naked (?:and|dress(?:es)?) (?:bare|nude|exposed|aroused|"
    rf"wet|alone|sexy) ",
    rf" {_BARE} (?:\w+ )?{_SHOWN}{_NOT_A_PART}",
    rf" (?:baring|exposing|exposes?|reveal(?:s|ing)?|flash(?:es|ing)?) {_OWN}(?:bare |naked |"
    rf"own )?{_SHOWN}{_NOT_A_PART} ",
    rf" show(?:s|ing|n)? {_OWN}(?:bare |naked |own |natural )?(?:breasts?|nipples?|butt|bum|ass|crotch|chest|"
    rf"body)(?! (?:of|length|shape|pocket|logo|print|type|in|with|warmer)) ",
    r" (?:breasts?|chest|body|bodies|nipples?|butt|ass|torso|skin) (?:is |are )?(?:visible|exposed|shows?|showing|"
    r"bare|bared|uncovered|unclothed|falling out|out|revealed) ",
    r"(?<! double)(?<! single) breasts? (?!pocket|pockets|welt|dart|darts|patch|logo|feeding|height|line|seam|"
    r"plate|pump|cancer)",
    r" (?:butt|bum|ass|bosom) (?!lift|lifting|seam|joint|bag|pack)",
    r"(?<! drop)(?<! dropped)(?<! low) (?:crotch|groin) (?!seam|length|depth|gusset|point|rise|height)| pelvis ",
    r" pussy (?!bow|bows|willow|cat)| dick (?!tracy|van dyke)| cock (?!feather|feathers|tail|tails|a )|"
    r" boob (?!tube)",
    r"(?<! same)(?<! opposite)(?<! either)(?<! both) sex (?!and the city|pistols|is unspecified)",
    r" x rated | adult (?:film|films|movie|movies|content|video|videos|scene|entertainment) | explicit (?:content|"
    r"photo|photos|image|images|scene|picture|pictures|nudity) ",
    r" (?:private|intimate) parts | nip slip | wardrobe malfunction | birthday suit | au naturel | in the buff |"
    r" state of undress | birthday suits ",
    r" (?:human|bare|naked|nude|only|just|exposed|raw) (?:\w+ )?(?:skin|flesh) (?!tone|tones|toned|care|colou?r|"
    r"colou?red|tight|friendly)",
    rf" (?:into|in to|with|by|for|as) (?:{_OF_SOMEBODY} )*(?:bare |naked )?(?:skin|flesh) (?:\||$|instead|texture|"
    rf"showing|visible)",
    rf" (?:into|in to|with|by|for) (?:the |an? )?{_HERS} (?:bare |naked )?(?:chest|torso|body) ",
    rf"^ (?:{_OF_SOMEBODY} |pale |tan |tanned |dark |light |smooth )*(?:skin|flesh)(?: texture|"
    rf" instead of (?:the )?\w+)? $",
    r"^ (?:(?:a|the|her|his|their|womans|mans|womens|female|male|hairy|realistic|natural|human|smooth|"
    r"muscular) )+(?:chest|torso|body|bust|hips) (?:\||$)",
    r" (?:natural|human|female|male|realistic|correct|womans|mans) (?:human |female |male )?body (?:\||$|without|"
    r"under)| anatomically ",
    rf" (?:no|without|zero|sans|minus|lacking|lacks|lack of|devoid of|free of|free from|loses?|losing|lost|absent|"
    rf"instead of) {_OWN}(?:wearing )?{_OWN}(?:{_any((*CLOTHES, *UNDERWEAR, *SWIMWEAR))}|(?:shirt|t shirt|top|dress"
    rf"|pants|trousers|skirt|blouse))(?! {_any(PARTS)} )(?: on| at all)? (?=\||$|and|or|on|under|underneath|below|"
    rf"beneath|just|at|in|her|his|studio|same|only|visible|showing|but)",
    rf" {_any(CLOTHES)} (?:free|optional|less) ",
    r" (?:wearing|wears|wear|wore|dressed in|clad in|put on) (?:absolutely |literally )?nothing (?!else|"
    r"fancy|special|flashy|but the)| nothing (?:on (?=\||$|but|her|him|except|underneath)|underneath|beneath|under (?!\d)|below (?!\d))|"
    r" (?:with|in) nothing (?:on|under|underneath|beneath|but|\||$)",
    rf" nothing but (?:an? |her |his |the |some )?{_ADJ}(?:{_any(ACCESSORIES)}|skin|air) | (?:for|with|by|into|"
    rf"to) nothing (?:\||$)|^ nothing (?:\||$)",
    rf" (?:not|isnt|arent|without|never|stops?|stopped|no longer|doesnt|dont) wear(?:ing)? {_OWN}(?:anything|"
    rf"{_COVER}) ",
    rf" (?:wearing|wears|wear|dressed in|clad in|wore) (?:only|just|merely|solely) {_OWN}{_ADJ}{_any(ACCESSORIES)} ",
    rf" (?:only|just|merely) (?:wearing|dressed in|in) {_OWN}{_ADJ}{_any(ACCESSORIES)} ",
    r" body ?paint (?:instead|only|as|in place)| bodypaint instead | (?:only|just|nothing but) body ?paint ",
    rf" (?:transparent|see through|seethrough|x ray|xray|sheer) (?:\w+ ){{0,3}}(?:showing|shows?|reveal(?:s|ing)?|"
    rf"exposing) (?:everything|{_OWN}(?:body|breasts?|nipples?|underneath)) ",
    rf" (?:see through|x ray|xray|seethrough|see under|look under|look through|view under|"
    rf"view through) (?:view )?(?:under |through )?(?:her|his|their|the womans|the girls) {_ADJ}{_COVER} |"
    rf" x ray {_any(CLOTHES)} ",
    r" (?:desnud[oa]s?|nackt(?:e|er|es|en)?|nudo|nuda|nue?s? (?:femme|fille|homme)|(?:femme|fille|homme|"
    r"corps)s? nue?s?|naakt|naken|nago) ",
)
UNDRESSED = (
    rf" {_UNDRESSED} | undressed (?!leather|hide|hides|seam|seams|edge|stone|wood)",
    rf" strip(?:s|ped|ping)? (?:(?:off|down|away) )?(?:naked|nude|herself|himself|them|her|him|"
    rf"{_OWN}{_ADJ}{_SOMEONE}|{_OWN}{_COVER})(?! (?:strip|stripes?)) | stripping | strip ?(?:show|club|poker) |"
    rf" strip off | stripped to ",
    rf" (?:remov(?:e|es|ed|ing|al of)|delet(?:e|es|ed|ing)|eras(?:e|es|ed|ing)|eliminat(?:e|es|ing)|get(?:ting|"
    rf"s)? rid of|shed(?:s|ding)?|lose|ditch|peel(?:s|ed|ing)? off) {_OWN}{_ADJ}{_WORN} (?!{_any(PARTS)} )",
    rf" (?:tak(?:e|es|en|ing)|took|tear(?:s|ing)?|tore|rip(?:s|ped|ping)?|pull(?:s|ed|ing)?|cut(?:s|ting)?|peel(?:s"
    rf"|ed|ing)?) (?:off|away|down) {_OWN}{_ADJ}{_WORN} ",
    rf" (?:tak(?:e|es|en|ing)|took|tear(?:s|ing)?|rip(?:s|ped|ping)?|pull(?:s|ed|ing)?) {_OWN}{_ADJ}{_WORN} (?:off|"
    rf"away|down) ",
    rf" (?:lift(?:s|ed|ing)?|pull(?:s|ed|ing)?|rais(?:e|es|ed|ing)|hik(?:e|es|ed|ing))(?: up)? (?:her|his|their|"
    rf"the womans|the girls) {_ADJ}(?:skirt|dress|shirt|top|blouse|t shirt|gown) ",
    rf" (?:unhook|unclasp|unfasten|slip(?:s|ping)? out of|step(?:s|ping)? out of|get(?:s|ting)? out of)(?:s|ed|"
    rf"ing)? {_OWN}{_ADJ}{_WORN} ",
    rf" {_COVER} (?:is |are |was |being |get |gets )?(?:removed|removal|remover|taken off|erased|deleted|torn off|"
    rf"ripped off|pulled (?:down|up|off)|stripped|disappears?|disappearing|vanish(?:es)?|invisible|gone|falls? off|"
    rf"fell off|slipping off|off) (?!{_any(PARTS)} )",
    r" (?:shirt|top|dress|skirt|blouse) (?:is )?(?:lifted|raised|pulled up|open) (?:up )?(?:to|and) (?:reveal|show"
    r"|expose) ",
    rf" (?:what is|whats|what she looks like|what he looks like|how she looks|how he looks) (?:under|beneath|"
    rf"underneath|without|below) {_OWN}{_ADJ}{_COVER} ",
    rf" (?:makes?|making|turn|turning) {_OWN}{_ADJ}{_any(CLOTHES)} (?:transparent|disappear|vanish|invisible|"
    rf"see through) ",
    r" deep nude | (?:clothes|clothing|cloth|outfit) (?:remover|removal|eraser) ",
)
SWIM = (rf" {_any(SWIMWEAR)} | bathing (?:suits?|costumes?) | swimming costumes? | swim (?:briefs?|bottoms?|suits?) ",)
UNDER = (
    rf"(?<! sports)(?<! sport)(?<! thermal)(?<! long) {_any(sorted(set(UNDERWEAR) - {'thong', 'thongs', 'boxers', 'briefs'}))} (?!top"
    rf"|tops|friendly)",
    r"(?<! swim) briefs | boxer (?:shorts|briefs) | boxers (?!who|in the ring)| garter belts? | suspender belts? |"
    r" g strings? | thongs? (?!sandal|sandals|slipper|slippers|flip|strap)",
)
BABY = r"(?! (?:blue|pink|yellow|green|doll|tee|tees|hair|alpaca|cashmere|lamb|bump|cord|rib|collar))"
CHILD = (
    rf" (?:{_any(sorted(set(CHILDREN) - {'baby', 'kid', 'boy', 'girls', 'teen', 'daughter'}))}|daughters?) "
    r"| minor (?:in|with|wearing|who|posing|on|without|\||$)"
    rf"| baby{BABY} | kid (?!gloves|leather|suede|skin|mohair)| boy (?!short|shorts|leg|scout|band|cut)"
    r"| girls (?!night|trip|weekend|dinner)| teen (?!wolf)"
    r"| (?:school|high school|middle school|elementary school|primary school) (?:girls?|boys?|students?|pupils?|"
    r"child|kids?|er|ers)"
    r"| (?:high|middle|elementary|primary) school(?:er|ers)? | barely legal | as a child ",
)
NEVER_CHILD = (rf" {_any(NEVER)} | barely legal | age regression ",)
SUGGESTED = (
    rf" {_any(sorted(set(SUGGESTIVE) - {'sheer', 'transparent'}))} | (?:sheer|transparent|see through) (?!organza|"
    rf"tulle|sleeve|sleeves|overlay|chiffon|umbrella|raincoat|rain|bag|backpack|vinyl|skirt overlay|socks|buttons?)"
    r"| bare (?:chest|torso|midriff) | (?:low cut|plunging) | lingerie | pin ?up | bedroom eyes ",
)
AGE = re.compile(
    r" (\d{1,2}) ?(?:years?|yrs?|yo|y o|jahre)(?: old)? | (\d{1,2})(?:yo|yrs?|yr|y) |"
    r" age[ds]? (?:of )?(\d{1,2}) (?!\d)| (?:girl|boy|child|kid|daughter|son) (?:of |\| )?(\d{1,2}) "
)
_NUMBERS = _any(NUMBERS)
WRITTEN_AGE = re.compile(rf" {_NUMBERS} (?:years?|yrs?|yo)(?: old)? | (?:girl|boy|child|aged|age) (?:of )?{_NUMBERS} ")
GENERAL_NEGATIVE = re.compile(
    rf"(?:^|\| )(?: ?(?:any|all|her|his|the|fully|wearing|wear|covered by|with|no) )*(?: ?)(?:{_any(CLOTHES)}|"
    rf"clothed|dressed|covered|clad|fabric clothes|wearing) (?=\||$|and|or|on)|^ (?:clothes|clothing|clothed) "
)
PROTECTIVE = re.compile(r" (?:nude|naked|nsfw|nudity|topless|nipples?|porn|sexual|exposed skin|undressed) ")


@cache
def pattern(listed: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern of a list; phrases share the space between them."""
    # A space belongs to both phrases beside it, so it is looked at and not taken.
    return re.compile("|".join(f"(?:{each})" for each in listed))
