"""The words the brain knows, each with its part of speech here and its meaning.

Tags: V verb, Q question word, CAT, COL, SIZE, COND, ALL, REST, NUM, DET, A (a, an), GEN ("item"), PRON, EXCEPT, NOT,
PREP, FROM, PLACE, BIN, RULE, AND, SEQ, LEAVE, VAGUE, FILL. What depends on the workplace (its categories and colours)
comes from the workplace.
"""

from __future__ import annotations

from moravec.core.workplace import Workplace

Entry = tuple[str, str]

_SYNONYMS = {
    "box": "carton cartons cardboard",
    "can": "tin tins",
    "bottle": "flask flasks",
    "ball": "sphere spheres",
    "tool": "instrument instruments",
    "part": "component components",
    "red": "crimson scarlet reddish",
    "blue": "navy bluish azure",
    "green": "greenish",
    "yellow": "yellowish",
    "white": "whitish",
    "purple": "violet lilac",
}
_WORDS: dict[Entry, str] = {
    (
        "V",
        "put",
    ): "put puts putting place placing move moving bring bringing set lay laying transfer transferring carry carrying "
    "send sending deposit drop dropping load loading go goes belong belongs relocate return",
    ("V", "pick"): "pick picking grasp grab take taking get fetch lift handle handling remove removing",
    (
        "V",
        "rule",
    ): "store storing stow stowing sort sorting organise organize organising organizing arrange arranging shelve "
    "tidy tidying sorted organised organized tidied file process distribute putaway clean cleaning",
    ("V", "unpack"): "unpack unpacking unload unloading empty emptying unbox clear clearing",
    ("V", "discard"): "discard discarding reject rejecting scrap trash dispose",
    (
        "V",
        "inspect",
    ): "classify classifying inspect inspecting check checking identify identifying examine examining scan "
    "scanning recognise recognize categorise categorize verify",
    ("V", "open"): "open opening uncover unseal",
    ("V", "home"): "home park",
    ("V", "stop"): "stop halt freeze cancel abort quit",
    ("Q", "what"): "what which list describe whats",
    ("Q", "how many"): "howmany count counting",
    ("Q", "where"): "where locate find",
    ("Q", "any"): "is are does contains",
    ("Q", "help"): "help",
    ("SIZE", "small"): "small little tiny smaller mini",
    ("SIZE", "large"): "large big bigger larger huge",
    ("SIZE", "smallest"): "smallest tiniest",
    ("SIZE", "largest"): "largest biggest",
    (
        "COND",
        "damaged",
    ): "damaged broken dented defective faulty cracked damage defect defects crushed dent dents bad torn spoiled",
    ("COND", "intact"): "intact undamaged unbroken good fine flawless sound ok okay",
    ("ALL", "all"): "all every each everything any anything whole entire",
    ("REST", "rest"): "rest remaining remainder leftover leftovers else",
    ("REST", "other"): "other others",
    (
        "GEN",
        "item",
    ): "item items thing things object objects stuff goods product products piece pieces one ones article articles "
    "content contents inventory",
    ("PRON", "them"): "it them they these those this its",
    ("EXCEPT", ""): "except excluding without excepting besides",
    ("NOT", ""): "not non never no",
    ("PREP", "in"): "in into to on onto at inside within under",
    ("FROM", ""): "from off",
    ("PLACE", "parcel"): "parcel delivery package shipment consignment packet crate cargo",
    ("PLACE", "station"): "station",
    ("PLACE", "table"): "table bench worktable desk",
    ("PLACE", "reject"): "rejects waste rubbish garbage rejectbin",
    ("BIN", ""): "bin bins compartment compartments container containers label",
    ("SHELF", ""): "shelf shelves rack racks",
    ("RULE", ""): "byrule",
    ("AND", ""): "and or plus",
    ("SEQ", "first"): "first firstly",
    ("SEQ", "then"): "then next afterwards thereafter",
    ("SEQ", "last"): "last finally lastly",
    ("SEQ", "before"): "before",
    ("SEQ", "after"): "after once when",
    ("LEAVE", ""): "leave leaving keep spare ignore ignoring skip",
    ("VAGUE", ""): "some something few several many most half couple",
    ("A", ""): "a an",
    ("DET", ""): "the",
    ("NUM", "1"): "single",
    ("NUM", "2"): "two both pair",
    ("NUM", "3"): "three",
    ("NUM", "4"): "four",
    ("NUM", "5"): "five",
    ("NUM", "6"): "six",
    ("NUM", "7"): "seven",
    ("NUM", "8"): "eight",
    ("NUM", "9"): "nine",
    ("NUM", "10"): "ten",
    ("NUM", "11"): "eleven",
    ("NUM", "12"): "twelve dozen",
    (
        "FILL",
        "",
    ): "please kindly hey hi hello dear robot moravec now just also carefully gently slowly quickly fast thanks "
    "thank thankyou you your we us our me i my for of that who be been am was do doing were has have having "
    "did would could will should shall may might must with so only there here up down out away well nicely "
    "neatly properly immediately asap hurry today let lets want wants need needs like wish sure make made "
    "using by their his proper right correct own too very really quick soon possible colour coloured colored "
    "color colours colors code codes coded number labelled labeled marked called named kind kinds type types "
    "category categories size sized condition inspection storing see seen know tell show look currently still "
    "new incoming arrived careful job work again back alone untouched as looks seem seems appear contain "
    "holding lying located stored bit time rule rules according but how mind ahead start begin if morning "
    "done finished ready afternoon evening day same touch ever hand over together",
}


def plural(noun: str) -> str:
    """The English plural of `noun`."""
    return noun + ("es" if noun.endswith(("x", "s", "ch", "sh")) else "s")


def lexicon(workplace: Workplace) -> dict[str, Entry]:
    """Word -> (tag, meaning) for this workplace."""
    words: dict[str, Entry] = {}
    for entry, text in _WORDS.items():
        for word in text.split():
            words.setdefault(word, entry)
    for tag, names in (("CAT", workplace.categories), ("COL", workplace.colours)):
        for name in names:
            forms = [name, plural(name)] if tag == "CAT" else [name, name + "s"]
            for word in forms + _SYNONYMS.get(name, "").split():
                words[word] = (tag, name)
    return words


def known_things(workplace: Workplace) -> str:
    """What can be told apart here, for a refusal."""
    return (
        f"I know the categories {', '.join(workplace.categories)}; the colours {', '.join(workplace.colours)}; "
        "small and large; damaged and intact; and printed codes"
    )


def known_places(workplace: Workplace) -> str:
    """Where things can go here, for a refusal."""
    others = [p.name for p in workplace.places if p.kind in ("station", "table", "parcel", "reject")]
    return f"I know the bins {', '.join(workplace.labels)} and {', '.join(others)}"
