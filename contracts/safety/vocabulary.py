"""The English words that the rules know. To add one is to add it here: spellings, splits and disguises are the reading's."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ALWAYS = _words(
    "porn porno pornography pornographic pron nsfw nudity nudes nudist nudists nudism naturist naturists naturism"
    " nakedness topless "
    "bottomless unclothed unclad uncensored hentai erotica erotic erotically genital genitals genitalia vagina "
    "vaginal penis "
    "penises vulva nipple nipples areola areolas areolae boobs boobies tits titties buttocks blowjob handjob "
    "masturbate "
    "masturbates masturbating masturbation orgasm orgasms intercourse threesome milf sexting slut sluts slutty "
    "whore whores lewd "
    "lewds fetish bdsm camgirl camgirls onlyfans playboy centerfold centrefold striptease stripper strippers "
    "upskirt downblouse "
    "cameltoe braless pubic xxx xrated sexual sexually shirtless clothesless garmentless nekkid nakid deepnude "
    "nudify nudifies "
    "nudified nudifying undress undresses undressing disrobe disrobes disrobed disrobing unrobe unrobes unrobed "
    "unrobing horny "
    "cum ejaculation titfuck fuck fucking fucked cunt cunts nudism gangbang creampie dildo vibrator rape raped raping"
)
"""Refused wherever they stand in a prompt."""
UNDRESSING = frozenset(
    word for word in ALWAYS if word.startswith(("undress", "disrob", "unrob", "nudif", "deepnude", "strip"))
)
"""Of those, the ones that ask for somebody to be undressed."""
BODY = _words(
    "nude naked bare skin body flesh breast breasts butt ass bum bosom crotch groin pelvis torso chest pussy dick"
    " cock sex boob"
)
"""Words that are refused in some company."""
SWIMWEAR = _words(
    "bikini bikinis swimsuit swimsuits swimwear monokini monokinis tankini tankinis trikini trikinis microkini "
    "speedo speedos"
)
UNDERWEAR = _words(
    "lingerie bra bras bralette bralettes brassiere brassieres panties panty knickers underwear undies underpants"
    " thong thongs gstring "
    "gstrings briefs boxers negligee negligees jockstrap jockstraps"
)
CLOTHES = _words("clothes clothe clothing garment garments apparel attire outfit outfits")
"""All that somebody wears."""
COVERS = _words(
    "dress dresses skirt skirts shirt shirts tshirt tshirts blouse blouses top tops pants trousers jeans shorts "
    "leggings gown robe towel "
    "uniform bodysuit pyjamas pajamas"
)
"""What covers a body, so that it is bare without it."""
ACCESSORIES = _words(
    "necklace necklaces jewellery jewelry hat hats heels shoes boots socks stockings smile earrings gloves scarf "
    "tie watch belt crown "
    "bracelet bracelets sunglasses apron paint bodypaint"
)
"""What covers nothing: who wears only this is naked."""
PEOPLE = _words(
    "woman women womans womens man men mans mens girl girls girlfriend boy boys boyfriend lady ladies guy guys "
    "person persons people model "
    "models female females male males body bodies figure figures photo photos picture pictures portrait portraits"
    " selfie shoot "
    "photoshoot photography art wife husband babe babes couple her him she he them they me us customer actress "
    "actor celebrity teen child"
)
FIGURES = _words(
    "woman women man men girl girls boy lady body model models figure person photo photos photograph selfie female male"
)
"""What nude says of, standing before it, that it shows no colour."""
COLOURED = _words(
    "tone tones toned tonal shade shades shaded colour colours color colors coloured colored hue hues palette "
    "beige pink brown tan ivory "
    "cream rose peach taupe blush camel sand nude grey white gold bronze pump pumps heel heels stiletto stilettos"
    " shoe shoes sandal "
    "sandals boot boots bootie booties ankle flat flats ballet ballerina ballerinas loafer loafers mule mules "
    "wedge wedges slingback "
    "slingbacks court sneaker sneakers lipstick lip lips lipgloss gloss makeup nail nails polish manicure "
    "eyeshadow palette dress dresses "
    "skirt skirts shirt shirts tshirt tee blouse blouses top tops bodice bodysuit bodysuits trench coat coats "
    "jacket jackets blazer "
    "blazers cardigan cardigans sweater sweaters knit knits knitted knitwear jumper pullover turtleneck gown "
    "gowns slip camisole cami "
    "corset bustier jumpsuit pants trousers leggings jeans shorts culottes tights pantyhose hosiery stockings "
    "socks lace tulle mesh silk "
    "satin chiffon organza crepe cotton linen wool cashmere merino mohair alpaca leather suede patent velvet "
    "viscose jersey denim tweed "
    "corduroy flannel nylon microfibre microfiber fabric fabrics cloth lining underlay underlayer base illusion "
    "sequin sequins sequined "
    "sequinned bead beads beaded bag bags handbag handbags clutch tote purse belt belts scarf scarves shawl "
    "gloves hat hats vest waistcoat "
    "suit suits seamless pleated ribbed metallic matte soft pale light dark warm cool dusty muted neutral "
    "neutrals monochrome bra bras "
    "bralette briefs thong lingerie underwear swimsuit swimsuits bikini parka cape kimono polo shirtdress "
    "tracksuit hoodie duffle peacoat "
    "chinos jodhpurs romper playsuit overalls dungarees pinafore tunic henley quilted recycled bomber maxi midi "
    "mini wrap aline pencil wide"
)
"""What may follow the colour nude."""
NAKED_THINGS = _words(
    "cashmere palette dress dresses denim wolfe eye juice wood wool seam seams edge edges hem cake bike leather raw and famous"
)
"""What may follow naked: names of brands and of things that are no bodies."""
PARTS = _words(
    "strap straps pocket pockets logo logos button buttons sleeve sleeves collar collars hem hems lining wrinkle "
    "wrinkles crease creases "
    "label labels tag tags pattern patterns print prints belt belts code stitching stitch stitches waistband cuff"
    " cuffs zip zipper zippers "
    "stain stains folds length seam seams fabric texture colour color style shape neckline shop store rack rail "
    "hanger bag shoes"
)
"""After the name of a garment: then it is a part of it that is meant."""
FUNCTION = _words(
    "without no remove removes removing removed removal take takes taking taken took off delete erase strip the "
    "her his him their my a an "
    "of all any with out not wearing wear nothing only just make in on and is woman show"
)
"""Words that mean something between the others."""
TELLING = _words(
    "anything everything rid get isnt doesnt desnuda desnudo mujer nackt nackte frau femme nue buff explicit "
    "wears wore worn dressed clad exposed exposing expose reveal reveals revealing uncovered visible explicit "
    "content photo scene adult film bottom body hips private parts intimate birthday suit necklace removal erases "
    "erased deletes taking tear tearing tore rip ripping pull pulling lift lifting down away invisible disappear "
    "vanish transparent under beneath underneath looks look like face head famous celebrity likeness "
    "deepfake deepfakes faceswap swap replace replaces replaced turn into instead slip bathing swimming swim "
    "costume boxer garter string rated act anatomically human natural realistic zero sans minus lacking devoid free "
    "year old years aged age high school barely legal singer actress actor president portrait young little cute "
    "pose lace top see through view what whats so that who showing shows ray nip underwear pantyless clothed "
    "covered everything hooks unhook bared baring flash stand stands standing optional smooth with for but she "
    "himself herself minor "
)
"""Other words of the rules, which disguises are looked through for."""
CHILDREN = _words(
    "child children childs childrens kid kids kiddo teen teens teenager teenagers teenaged teenage tween tweens "
    "preteen preteens adolescent "
    "adolescents juvenile juveniles youngster youngsters toddler toddlers infant infants baby babies newborn "
    "newborns schoolgirl "
    "schoolgirls schoolboy schoolboys schoolchild schoolchildren pupil pupils kindergarten kindergartener "
    "kindergartner minors "
    "underage underaged girl girls boy boys daughter lolita lolitas preschooler schooler"
)
"""Who is, or may be, a child: in ordinary garments only."""
NUMBERS = _words(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
)
"""Ages below ADULT."""
NEVER = _words("loli lolis lolicon shota shotacon jailbait pedo pedophile paedophile pedophilia")
"""Words about children that are refused in any company."""
SUGGESTIVE = _words(
    "sexy seductive seductively seduction sensual sensually provocative provocatively revealing cleavage fishnet "
    "sultry skimpy suggestive "
    "suggestively flirtatious lustful kinky sheer transparent seethrough"
)
"""Ordinary with adults, and refused with children."""
PLAIN = _words(
    "boxes cuts speeds beast beasts pen put three some mess i s t pan hand job center asexual bisexual shot brief "
    "boxer pieces pens pants reast ares bums tis bras brass bare are as at an am be he she it its or so to by top "
    "less out over under dress code ton tone cock tail but bodies breath breadth great sheet shirt shift skirt "
    "stripe striped stripes tripper striper sex lip anal logo ties pant anties toes toeless kin bust rust unless "
    "nudge dude rude crude knives kickers sandals things ring brands "
)
"""Words that a misspelling or a joint could be taken for, and that are themselves."""

STRONG = frozenset((*ALWAYS, *NEVER, *SWIMWEAR, *UNDERWEAR)) | frozenset(
    _words("nude naked undressed pussy breast breasts sexy sex boob stripped stripping preteen underage")
)
"""What a disguise is looked through for."""
KNOWN = STRONG | frozenset(
    (*BODY, *CLOTHES, *COVERS, *CHILDREN, *SUGGESTIVE, *FUNCTION, *PEOPLE, *ACCESSORIES, *TELLING)
)
"""All that a token is compared with when it is not plainly written."""
