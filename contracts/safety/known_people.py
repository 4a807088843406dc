"""People whom models paint by name: a bounded list of those who are asked for most, without designers, whose names are brands.

It cannot be whole. Who is not in it is caught where a request says that somebody is to look like a person; see docs/safety.md.
"""


def _words(text: str) -> list[str]:
    return text.split()


_NAMES = """
taylor swift, scarlett johansson, emma watson, emma stone, emma roberts, angelina jolie, brad pitt, tom cruise, tom
hanks, tom holland, tom hardy, tom hiddleston, kim kardashian, khloe kardashian, kourtney kardashian, kylie jenner,
kendall jenner, caitlyn jenner, beyonce knowles, ariana grande, selena gomez, billie eilish, margot robbie, jennifer
lawrence, jennifer aniston, jennifer lopez, jennifer garner, gal gadot, natalie portman, keira knightley, leonardo
dicaprio, johnny depp, amber heard, barack obama, michelle obama, donald trump, melania trump, ivanka trump, joe
biden, jill biden, kamala harris, hillary clinton, bill clinton, george bush, vladimir putin, volodymyr zelensky, xi
jinping, narendra modi, emmanuel macron, brigitte macron, angela merkel, olaf scholz, friedrich merz, rishi sunak,
boris johnson, keir starmer, theresa may, margaret thatcher, justin trudeau, giorgia meloni, silvio berlusconi, recep
erdogan, benjamin netanyahu, pope francis, pope leo, queen elizabeth, king charles, prince harry, prince william,
princess diana, lady diana, princess kate, kate middleton, meghan markle, elon musk, mark zuckerberg, jeff bezos, bill
gates, steve jobs, sam altman, tim cook, greta thunberg, malala yousafzai, alexandria ocasio cortez, nancy pelosi,
bernie sanders, ron desantis, jd vance, cristiano ronaldo, lionel messi, neymar junior, kylian mbappe, david beckham,
victoria beckham, brooklyn beckham, serena williams, venus williams, roger federer, rafael nadal, novak djokovic,
naomi osaka, emma raducanu, lebron james, michael jordan, kobe bryant, stephen curry, simone biles, usain bolt, tiger
woods, lewis hamilton, lady gaga, katy perry, dua lipa, harry styles, justin bieber, hailey bieber, justin timberlake,
gigi hadid, bella hadid, naomi campbell, kate moss, cara delevingne, heidi klum, cindy crawford, claudia schiffer,
tyra banks, adriana lima, gisele bundchen, emily ratajkowski, karlie kloss, irina shayk, candice swanepoel, miranda
kerr, sydney sweeney, jenna ortega, millie bobby brown, anne hathaway, keanu reeves, robert downey jr, robert downey,
robert pattinson, chris hemsworth, chris evans, chris pratt, ryan gosling, ryan reynolds, blake lively, timothee
chalamet, oprah winfrey, ellen degeneres, nicole kidman, julia roberts, penelope cruz, javier bardem, antonio
banderas, salma hayek, sofia vergara, eva longoria, eva mendes, jessica alba, jessica biel, jessica chastain, megan
fox, mila kunis, kristen stewart, kristen bell, kirsten dunst, charlize theron, cate blanchett, meryl streep, sandra
bullock, halle berry, reese witherspoon, drew barrymore, cameron diaz, gwyneth paltrow, kate winslet, kate hudson,
kate beckinsale, rachel mcadams, amy adams, zoe saldana, zoe kravitz, lupita nyongo, viola davis, florence pugh, anya
taylor joy, elle fanning, dakota johnson, dakota fanning, chloe grace moretz, hailee steinfeld, saoirse ronan,
elizabeth olsen, brie larson, gemma arterton, emily blunt, emilia clarke, sophie turner, maisie williams, kit
harington, jason momoa, dwayne johnson, vin diesel, george clooney, amal clooney, matt damon, ben affleck, mark
wahlberg, will smith, jaden smith, willow smith, jada pinkett, denzel washington, morgan freeman, samuel jackson,
idris elba, michael b jordan, daniel craig, daniel radcliffe, rupert grint, benedict cumberbatch, hugh jackman, hugh
grant, colin firth, jude law, orlando bloom, ewan mcgregor, christian bale, joaquin phoenix, adam driver, jake
gyllenhaal, andrew garfield, zac efron, austin butler, pedro pascal, oscar isaac, jared leto, al pacino, robert de
niro, jack nicholson, harrison ford, clint eastwood, sylvester stallone, arnold schwarzenegger, bruce willis, demi
moore, mel gibson, kevin costner, richard gere, pierce brosnan, sean connery, marilyn monroe, audrey hepburn, grace
kelly, elizabeth taylor, sophia loren, brigitte bardot, james dean, elvis presley, marlon brando, bruce lee, jackie
chan, jet li, jackie kennedy, john kennedy, martin luther king, nelson mandela, mahatma gandhi, albert einstein, adolf
hitler, joseph stalin, mao zedong, che guevara, osama bin laden, saddam hussein, britney spears, christina aguilera,
miley cyrus, olivia rodrigo, sabrina carpenter, demi lovato, avril lavigne, gwen stefani, nicki minaj, cardi b, megan
thee stallion, doja cat, kanye west, jay z, snoop dogg, travis scott, post malone, bad bunny, ed sheeran, shawn
mendes, camila cabello, zayn malik, bruno mars, mariah carey, whitney houston, celine dion, michael jackson, janet
jackson, freddie mercury, david bowie, mick jagger, paul mccartney, john lennon, kurt cobain, amy winehouse, lana del
rey, lorde singer, phoebe bridgers, charli xcx, rita ora, ellie goulding, rosalia vila, karol g, paris hilton, nicole
richie, lindsay lohan, hilary duff, vanessa hudgens, zooey deschanel, winona ryder, uma thurman, monica bellucci,
marion cotillard, lea seydoux, eva green, juliette binoche, isabelle huppert, catherine deneuve, deepika padukone,
priyanka chopra, aishwarya rai, alia bhatt, kareena kapoor, shah rukh khan, salman khan, virat kohli, fan bingbing,
gong li, zhang ziyi, liu yifei, dilraba dilmurat, yang mi, michelle yeoh, lucy liu, awkwafina, sandra oh, joe rogan,
andrew tate, mr beast, pewdiepie, addison rae, charli damelio, emma chamberlain, bella poarch, gordon ramsay, jimmy
fallon, stephen colbert, jimmy kimmel, conan obrien, simon cowell, david attenborough, stephen hawking, edward
snowden, julian assange, kim jong un, kim yo jong, yoon suk yeol, lee jae myung, moon jae in, park geun hye, kim keon
hee, song hye kyo, jun ji hyun, gianna jun, lee min ho, hyun bin, son ye jin, son heung min, kim yuna, kim yu na, kim
tae hee, bae suzy, kim ji won, kim go eun, han so hee, park bo gum, park seo joon, park shin hye, park min young, gong
yoo, lee jong suk, lee byung hun, song joong ki, kim soo hyun, jung hae in, cha eun woo, ji chang wook, nam joo hyuk,
kim woo bin, so ji sub, won bin, jo in sung, kang dong won, lee dong wook, jung ho yeon, lee jung jae, ma dong seok,
don lee, bong joon ho, park chan wook, lee young ae, shin min a, kong hyo jin, han ji min, han hyo joo, im yoona, lim
yoona, seo ye ji, iu lee ji eun, lee ji eun, lee hyori, kim hye soo, jennie kim, kim jennie, kim jisoo, lalisa
manobal, roseanne park, kim taehyung, jeon jungkook, park jimin, kim namjoon, kim seokjin, min yoongi, jung hoseok,
bts jungkook, bts jimin, bts suga, bts jin, bts rm, bts v, bts jhope, blackpink lisa, blackpink jennie, blackpink
rose, blackpink jisoo, jennie blackpink, lisa blackpink, jisoo blackpink, rose blackpink, rose of blackpink, lisa of
blackpink, jennie of blackpink, jisoo of blackpink, jimin of bts, jungkook of bts, v of bts, jang wonyoung, an yujin,
karina aespa, winter aespa, tzuyu twice, nayeon twice, sana twice, momo twice, mina twice, kim minji newjeans, hanni
newjeans, danielle newjeans, psy singer, faker lee, yuna kim, ronaldo nazario, zinedine zidane, erling haaland, jude
bellingham, harry kane, mohamed salah, naomi scott, letitia wright, ice spice, sza singer
"""

KNOWN_PEOPLE = frozenset("".join(name.split()) for name in _NAMES.split(","))
"""Their names, as Latin letters without spaces."""
NAME_WORDS = frozenset(word for name in _NAMES.split(",") for word in name.split() if len(word) > 3)
"""The words of their names, of which disguises are looked through."""

ALONE = frozenset(
    _words(
        "beyonce rihanna zendaya shakira eminem obama putin trudeau zelensky kardashian kardashians "
        "bieber dicaprio schwarzenegger messi neymar mbappe iu jungkook awkwafina pewdiepie "
        "timothee eilish zuckerberg merkel macron netanyahu hitler"
    )
)
"""Those whom one word means, and hardly anything else."""
ON_A_STAGE = frozenset(
    _words(
        "madonna prince adele cher drake usher sting rose suzy rain lorde bono seal pink enya dido moby "
        "psy sza lisa jennie"
    )
)
"""Words that mean a person where a singer, an actor or a face is spoken of, and otherwise things."""

KOREAN = tuple(
    _words(
        "아이유 송혜교 전지현 이민호 현빈 손예진 김연아 손흥민 윤석열 이재명 문재인 박근혜 김건희 김정은 "
        "김여정 김태희 배수지 김지원 김고은 한소희 박보검 박서준 박신혜 박민영 이종석 이병헌 송중기 김수현 "
        "정해인 차은우 지창욱 남주혁 김우빈 소지섭 원빈 조인성 강동원 이동욱 정호연 이정재 마동석 봉준호 "
        "박찬욱 이영애 신민아 공효진 한지민 한효주 임윤아 서예지 이지은 이효리 김혜수 김제니 김지수 김태형 "
        "전정국 박지민 김남준 김석진 민윤기 정호석 장원영 안유진 유재석 강호동 이강인 김민재 박지성 류현진 "
        "이승엽 이상혁 백종원 김태리 전여빈 박은빈 김유정 김소현 아이린 태연 윤아 설현 트와이스 사나 쯔위 "
        "카리나 윈터 민지 하니 이수만 방시혁 노무현 이명박 안철수 한동훈"
    )
)
"""Those who are written in Korean, by names that mean nobody and nothing else in a sentence about clothes."""
KOREAN_AMBIGUOUS = frozenset(
    _words("민지 하니 사나 윈터 윤아 태연 카리나 아이린 김지수 김민재 박지민 이지은 김수현 트와이스")
)
"""Of those, the ones that are words or common names, too: they mean the person beside a word for a star or a face."""
KOREAN_ALIENS = tuple(
    _words(
        "테일러스위프트 스칼렛요한슨 엠마왓슨 엠마스톤 안젤리나졸리 브래드피트 톰크루즈 킴카다시안 비욘세 "
        "리한나 아리아나그란데 셀레나고메즈 빌리아일리시 젠데이아 마고로비 제니퍼로렌스 갤가돗 나탈리포트만 "
        "레오나르도디카프리오 조니뎁 버락오바마 오바마 도널드트럼프 트럼프대통령 조바이든 카멀라해리스 "
        "힐러리클린턴 블라디미르푸틴 푸틴 시진핑 마크롱 메르켈 젤렌스키 교황프란치스코 일론머스크 저커버그 "
        "호날두 메시선수 베컴 레이디가가 케이티페리 두아리파 해리스타일스 저스틴비버 마릴린먼로 오드리헵번 "
        "마이클잭슨 키아누리브스 티모시샬라메 로버트다우니 크리스에반스 앤해서웨이 니콜키드먼 줄리아로버츠 "
        "메건마클 케이트미들턴 다이애나왕세자비 아베신조 블랙핑크제니 블랙핑크리사 블랙핑크로제 블랙핑크지수 "
        "제니블랙핑크 방탄소년단정국 방탄소년단지민 방탄소년단뷔 방탄소년단진 방탄소년단슈가 BTS정국 "
        "BTS지민 BTS뷔"
    )
)
"""People of elsewhere as they are written in Korean, and members of groups, without spaces."""
