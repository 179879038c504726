"""Every lawful sequence of wishes, as tokens. Optional parts and alternatives stand in a fixed order; `)` ends a noun phrase,
`;` a wish, `.` all.

A count up to COUNTED is a token, a larger one the sentence's own. What stands after `code`, `unknown`, `bin`, `named` and
`measure` can only be the sentence's own.
"""

from __future__ import annotations

from moravec.models.reader.lawful import Lawful

CATEGORIES = ("box", "can", "bottle", "ball", "tool", "part")
COLOURS = ("red", "blue", "green", "yellow", "white", "purple")
PLACES = ("parcel", "station", "table", "reject")
REFERS = ("it", "other", "rest", "former", "latter")
AMOUNTS = ("exactly", "at most", "at least")
SIZES = ("smallest", "middle", "largest", "smaller", "small", "large", "larger")
BOUNDS = ("below", "above", "about")
UNITS = {"ml": 1e-6, "cl": 1e-5, "dl": 1e-4, "l": 1e-3, "mm": 1e-3, "cm": 1e-2, "dm": 0.1, "m": 1.0, "inch": 0.0254}
VOLUMES = ("ml", "cl", "dl", "l")
SPOTS = ("bins", "rule", "same", "back", "other")
HOLDS = ("any", "none", "all")
COUNTS = ("more", "fewer", "exactly")
QUERIES = ("what", "how many", "where", "any", "all", "which place", "help", "why", "doing")
REASONS = ("unsafe", "impossible", "not-a-job")
ALONE = ("home", "stop", "undo", "agree", "decline")
COUNTED = 20
START = "wishes"



def _in_order(name: str, of: tuple[str, ...]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Rules for any of them, each once and in their order: alternatives are a set."""
    rules: dict[str, tuple[tuple[str, ...], ...]] = {f"{name} {len(of)}": ((),)}
    for k, one in enumerate(of):
        rules[f"{name} {k}"] = ((one, f"{name} {k + 1}"), (f"{name} {k + 1}",))
    return rules


_WISH: tuple[tuple[str, ...], ...] = (
    ("move", "things", "target", ";"),
    ("swap", "things", "others", ";"),
    ("inspect", "things", ";"),
    ("open", "target", ";"),
    ("leave", "things", ";"),
    ("ask", "query", "things?", "target", ";"),
    ("name", "things?", "target", ";"),
    ("refuse", "reason", ";"),
    ("if", "condition", "wish*", "else?", ";"),
    *((f"{kind}!", ";") for kind in ALONE),
)
_RULES: dict[str, tuple[tuple[str, ...], ...]] = {
    START: (("wish*", "."),),
    "wish*": (("wish", "wish*"), ()),
    "wish": (("then", "plain"), ("plain",)),
    "plain": _WISH,
    "else?": (("else", "wish", "wish*"), ()),
    "target": (("to", "spot"), ()),
    "others": (("with", "things"), ()),
    "query": tuple((f"?{query}",) for query in QUERIES),
    "reason": tuple((reason,) for reason in REASONS),
    "condition": (
        *((f"if {holds}", "things") for holds in HOLDS),
        *((f"if {count}", "number", "things") for count in COUNTS),
        ("if full", "spot"), ("if empty", "spot"),
    ),
    "things": (("noun", "things?"),),
    "things?": (("noun", "things?"), ()),
    "noun": (("(", "refers", "category 0", "colour 0", "code*", "unknown*", "state", "printed", "size", "at?", "amount", "the?",
              "except*", ")"),),
    "refers": (*((f"~{refers}",) for refers in REFERS), ()),
    **_in_order("category", CATEGORIES),
    **_in_order("colour", COLOURS),
    "code*": (("code", "*code", "code+", "code*"), ()),
    "code+": (("*code", "code+"), ()),
    "unknown*": (("unknown", "words", "unknown*"), ()),
    "words": (("*word", "word*"),),
    "word*": (("*word", "word*"), ()),
    "state": (("damaged",), ("intact",), ()),
    "printed": (("coded",), ("uncoded",), ()),
    "size": (*((size, "axis", "than?") for size in SIZES), *((bound, "axis", "equal", "measured") for bound in BOUNDS), ()),
    "axis": (("length",), ()),
    "equal": (("inclusive",), ()),
    "than?": (("than", "noun"), ()),
    "measured": (("measure", "*number", "number*", "unit"),),
    "number*": (("*number", "number*"), ()),
    "unit": tuple((f"unit {unit}",) for unit in UNITS),
    "at?": (("at", "spot"), ()),
    "amount": (*((amount, "number") for amount in AMOUNTS), ("some",), ("half",), ()),
    "number": (*((f"#{n}",) for n in range(COUNTED + 1)), ("*number",)),
    "the?": (("the",), ()),
    "except*": (("except", "noun", "except*"), ()),
    "spot": (
        ("bin", "*label", "label*"), *((f"@{place}",) for place in PLACES), *((f"@{spot}",) for spot in SPOTS), ("of", "noun"),
        ("named", "words"),
    ),
    "label*": (("*label", "label*"), ()),
}  # fmt: skip
WISHES = Lawful(START, _RULES, ("*number", "*code", "*label", "*word"))
