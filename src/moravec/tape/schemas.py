"""The topics of a tape and the schemas of what they carry.

Fast records are CDR with ros2msg schemas, which Foxglove and every ROS 2 tool open as they are; the rest is JSON with
JSON Schema. Where a standard schema exists it is used: sensor_msgs, and foxglove.Log, CameraCalibration and
FrameTransform (https://docs.foxglove.dev/docs/visualization/message-schemas/introduction).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from moravec.core.errors import ContractError

CONTROL = "/control"
JOINTS = "/joint_states"
TRANSFORMS = "/tf"
META = "/meta"
VALIDATION = "/validation"
GUARD = "/guard"
CHUNK = "/chunk"
LOG = "/log"

_CAMERA = re.compile(r"/camera/([A-Za-z0-9_\-]+)/(color|depth|calibration)")
_RULE = "=" * 80 + "\n"
_STD_HEADER = f"""{_RULE}MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
{_RULE}MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""
_TICK = f"""# One control tick, with everything needed to recompute the guard's verdict bit for bit. SI units, radians.
float64 now                    # the guard's clock at the check
moravec_msgs/RobotState state  # what the robot reported
moravec_msgs/Command asked     # what was asked of the guard
moravec_msgs/Command approved  # what the guard let through
moravec_msgs/Verdict verdict
bool power                     # false: the driver is to remove power from the motors
string misfits                 # JSON: what was really there, where a value did not keep its field's contract
{_RULE}MSG: moravec_msgs/RobotState
int64 seq
float64 t
float64 grip_width             # [m]
float64 grip_force             # [N]
float64 people_t               # when the safety scanner last saw who is near; NaN where there is none
float64[] q                    # [rad]
float64[] dq                   # [rad/s]
float64[] tau                  # [N m]
float64[] wrench               # force [N], torque [N m], in the tool's frame
float64[] people               # x0, y0, x1, y1, ... [m], where people stand, in the base frame
bool estop
{_RULE}MSG: moravec_msgs/Command
int64 seq
float64 t
float64 grip_width             # [m]
float64 grip_force             # [N]
float64 made                   # when the chunk was made that this is from
float64 expires                # when that chunk ends
float64 seen                   # when the newest observation was taken that it rests on
float64 novelty                # the policy's own score of how strange this is to it
float64[] q                    # [rad]
float64[] dq                   # [rad/s]
string source
{_RULE}MSG: moravec_msgs/Verdict
float64 value
float64 limit
float64 margin                 # positive on the safe side
int32 joint                    # -1 where there is none
int32 category                 # of a stop, after IEC 60204-1; -1 for none
string decision                # pass, limit or stop
string check
string reason
"""
_JOINT_STATE = f"""std_msgs/Header header
string[] name
float64[] position
float64[] velocity
float64[] effort
{_STD_HEADER}"""
_COMPRESSED_IMAGE = f"""std_msgs/Header header
string format
uint8[] data
{_STD_HEADER}"""


@dataclass(frozen=True, slots=True)
class Form:
    """How the messages of one topic are written."""

    message_encoding: str  # "cdr" or "json"
    schema_name: str
    schema_encoding: str  # "ros2msg" or "jsonschema"
    schema: bytes


def _ros2(name: str, text: str) -> Form:
    return Form("cdr", name, "ros2msg", text.encode("ascii"))


def _object(title: str, about: str, **properties: Any) -> Form:
    known = {"t": {"type": "number", "description": "time [s] of the robot's clock"}, **properties}
    schema = {"title": title, "description": about, "type": "object", "properties": known}
    return Form("json", title, "jsonschema", json.dumps(schema, sort_keys=True).encode("ascii"))


_TIME = {"type": "object", "title": "time", "properties": {"sec": {"type": "integer"}, "nsec": {"type": "integer"}}}
_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}
_NUMBER = {"type": "number"}
_NUMBERS = {"type": "array", "items": _NUMBER}
_ROWS = {"type": "array", "items": _NUMBERS}
_OBJECT = {"type": "object"}
_LIST: dict[str, Any] = {"type": "array", "items": {}}
_VECTOR = {"type": "object", "properties": {"x": _NUMBER, "y": _NUMBER, "z": _NUMBER}}
_QUATERNION = {"type": "object", "properties": {"x": _NUMBER, "y": _NUMBER, "z": _NUMBER, "w": _NUMBER}}

_PICTURE = _ros2("sensor_msgs/msg/CompressedImage", _COMPRESSED_IMAGE)
_CALIBRATION = _object(
    "foxglove.CameraCalibration",
    "A camera's intrinsics, and where it stood. Camera frame: x right, y down, z forward",
    timestamp=_TIME,
    frame_id=_TEXT,
    width=_WHOLE,
    height=_WHOLE,
    distortion_model=_TEXT,
    D=_NUMBERS,
    K=_NUMBERS,
    R=_NUMBERS,
    P=_NUMBERS,
    seq=_WHOLE,
    T_world_camera=_NUMBERS,
)

# The topics whose name is fixed. Those of the cameras are /camera/NAME/color, /depth and /calibration.
FORMS: dict[str, Form] = {
    CONTROL: _ros2("moravec_msgs/msg/Tick", _TICK),
    JOINTS: _ros2("sensor_msgs/msg/JointState", _JOINT_STATE),
    TRANSFORMS: _object(
        "foxglove.FrameTransform",
        "A frame's pose in its parent",
        timestamp=_TIME,
        parent_frame_id=_TEXT,
        child_frame_id=_TEXT,
        translation=_VECTOR,
        rotation=_QUATERNION,
    ),
    LOG: _object(
        "foxglove.Log",
        "A line for people; level 1 debug, 2 info, 3 warning, 4 error, 5 fatal",
        timestamp=_TIME,
        level=_WHOLE,
        message=_TEXT,
        name=_TEXT,
        file=_TEXT,
        line=_WHOLE,
    ),
    META: _object(
        "moravec.Meta",
        "What ran: hashes of code, configuration and models, versions, seed, instruction, the guard's limit table",
        hashes=_OBJECT,
        versions=_OBJECT,
        seed=_WHOLE,
        instruction=_TEXT,
        guard_limits=_OBJECT,
    ),
    "/plan": _object("moravec.Plan", "A plan of the brain", goal=_LIST, steps=_LIST),
    VALIDATION: _object(
        "moravec.Validation",
        "A plan, the symbolic state it was checked in, and what the validator said",
        plan={},
        state={"type": "array", "items": {"type": "object", "properties": {"fluent": _LIST, "value": {}}}},
        result={},
    ),
    "/question": _object("moravec.Question", "A question to a person, and the answer", text=_TEXT, options=_LIST),
    CHUNK: _object(
        "moravec.ActionChunk",
        "Set-points ahead in time [s], [rad], [rad/s]; numbers are exact",
        source=_TEXT,
        times=_NUMBERS,
        q=_ROWS,
        dq=_ROWS,
    ),
    "/skill": _object("moravec.Skill", "A skill begins, reports or ends", skill=_TEXT, args=_OBJECT, status=_TEXT),
    "/inventory": _object("moravec.Inventory", "What the brain believes is where", items=_LIST),
    "/seen": _object("moravec.Seen", "What perception found in one picture", detections=_LIST),
    GUARD: _object(
        "moravec.GuardEvent",
        "What changes the guard between two ticks: an operator's reset, a tighter limit table, another mode",
        event={"enum": ["reset", "tighten", "mode"]},
        now={"type": "number", "description": "of a reset: the guard's clock [s]"},
        who={"type": "string", "description": "of a tightening: the skill or application that asks"},
        limits={"description": "of a tightening: the table that holds from now on; null: the one of /meta again"},
        mode={"type": "string", "description": "of a change of mode: the mode's name"},
        why={"type": "string", "description": "of a change of mode: its cause"},
    ),
    "/result": _object("moravec.Result", "How the run ended", success={"type": "boolean"}),
}


def form_of(topic: str) -> Form:
    """How messages of `topic` are written. Raises ContractError for a topic the tape does not have."""
    form = FORMS.get(topic)
    if form is not None:
        return form
    match = _CAMERA.fullmatch(topic)
    if match is None:
        raise ContractError(
            f"topic {topic!r} is not one of the tape's; allowed: {', '.join(sorted(FORMS))}, "
            "/camera/NAME/color, /camera/NAME/depth, /camera/NAME/calibration (NAME of letters, digits, _ and -)"
        )
    return _CALIBRATION if match[2] == "calibration" else _PICTURE
