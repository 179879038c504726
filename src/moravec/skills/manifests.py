"""The manifests of the delivery skills: what each needs, what it changes, how it may fail.

Fluents: ("location", item) -> place name or "hand"; ("holding",) -> item or "nothing"; ("open", place) -> bool;
("seen", place) -> bool; ("inspected", item) -> bool; ("kind", place) -> place kind; ("hand_at",) is not modelled.
"""

from __future__ import annotations

from moravec.skills.contract import ErrorCode, Manifest, Parameter
from moravec.skills.preview import can_open, can_pick, can_put
from moravec.skills.symbols import Condition, Effect

_ITEM = Parameter("item", "item", "the item's name in the inventory")
_PLACE = Parameter("place", "place", "the place's name in the workplace")
_HOLDS_ITEM = Condition(("holding",), "?item", "it does not hold that item")
_HAND_EMPTY = Condition(("holding",), "nothing", "the hand is not empty")

_UNREACHABLE = ErrorCode("unreachable", True, "no collision-free way was found")
_STOPPED = ErrorCode("stopped", False, "the guard stopped the motion")
_CONTACT = ErrorCode("contact", True, "something was touched where nothing was expected")
_LOST = ErrorCode("lost", True, "the item left the hand on the way")

_RELEASED = (
    Effect(("holding",), "nothing"),
    Effect(("location", "?item"), "?place"),
)

LOOK = Manifest(
    "look",
    "Look at a place and report what lies in it.",
    (_PLACE,),
    effects=(Effect(("seen", "?place"), True),),
    errors=(_UNREACHABLE, _CONTACT, _STOPPED, ErrorCode("blind", True, "the pictures show nothing that can be used")),
)
OPEN = Manifest(
    "open",
    "Take the lid off a parcel and lay it aside.",
    (_PLACE,),
    preconditions=(_HAND_EMPTY, Condition(("open", "?place"), False, "it is open already")),
    effects=(Effect(("open", "?place"), True),),
    errors=(
        _UNREACHABLE,
        _CONTACT,
        _STOPPED,
        ErrorCode("no_handle", True, "the lid's handle was not found"),
        ErrorCode("stuck", True, "the lid did not come off"),
    ),
    preview=can_open,
)
PICK = Manifest(
    "pick",
    "Grasp an item and lift it clear.",
    (_ITEM,),
    preconditions=(
        _HAND_EMPTY,
        Condition(("open", ("location", "?item")), True, "the place it lies in is closed"),
        Condition(("location", "?item"), "gone", "nobody knows where it is", "differs"),
    ),
    effects=(Effect(("holding",), "?item"), Effect(("location", "?item"), "hand")),
    errors=(
        _UNREACHABLE,
        _CONTACT,
        _STOPPED,
        ErrorCode("not_seen", True, "the item is not where it was seen last"),
        ErrorCode("no_grasp", True, "no free grasp was found"),
        ErrorCode("missed", True, "the fingers closed on nothing"),
        ErrorCode("slipped", True, "the item slipped out while it was lifted"),
        ErrorCode("passed", True, "it rode out of the arm's reach before it could be taken"),
        ErrorCode("not_alone", True, "what looked like one thing was more than one; it was put back"),
    ),
    preview=can_pick,
)
INSPECT = Manifest(
    "inspect",
    "Look closely at an item on the inspection station: size, colour, category, code, damage.",
    (_ITEM,),
    preconditions=(Condition(("kind", ("location", "?item")), "station", "it does not lie on the station"),),
    effects=(Effect(("inspected", "?item"), True),),
    errors=(_UNREACHABLE, _CONTACT, _STOPPED, ErrorCode("not_seen", True, "nothing lies on the station")),
)
_PUT_DOWN_ERRORS = (_UNREACHABLE, _CONTACT, _STOPPED, _LOST, ErrorCode("no_space", True, "no free spot was found"))
PLACE = Manifest(
    "place",
    "Put the held item down gently on a free spot.",
    (_ITEM, _PLACE),
    preconditions=(_HOLDS_ITEM, Condition(("open", "?place"), True, "the place is closed")),
    effects=_RELEASED,
    errors=_PUT_DOWN_ERRORS,
    preview=can_put,
)
STOW = Manifest(
    "stow",
    "Put the held item away in a bin.",
    (_ITEM, _PLACE),
    preconditions=(
        _HOLDS_ITEM,
        Condition(("kind", "?place"), "bin", "that is not a bin"),
        Condition(("full", "?place"), True, "the bin is full", "differs"),
    ),
    effects=_RELEASED,
    errors=(*_PUT_DOWN_ERRORS, ErrorCode("shelf_changed", True, "a bin carries another label than it did")),
    preview=can_put,
)
DISCARD = Manifest(
    "discard",
    "Drop the held item in the reject bin.",
    (_ITEM, _PLACE),
    preconditions=(_HOLDS_ITEM, Condition(("kind", "?place"), "reject", "that is not a reject bin")),
    effects=_RELEASED,
    errors=_PUT_DOWN_ERRORS,
    preview=can_put,
)
HOME = Manifest("home", "Bring the arm to its resting posture.", errors=(_UNREACHABLE, _CONTACT, _STOPPED))
ASK = Manifest(
    "ask",
    "Ask a person, and take the default when nobody answers.",
    (Parameter("question", "text", "the question"), Parameter("options", "text", "the answers, separated by |")),
    errors=(ErrorCode("no_options", False, "a question needs at least one option"),),
)

ALL: tuple[Manifest, ...] = (LOOK, OPEN, PICK, INSPECT, PLACE, STOW, DISCARD, HOME, ASK)
BY_NAME: dict[str, Manifest] = {manifest.name: manifest for manifest in ALL}
