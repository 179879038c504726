"""The cell as a MuJoCo model: table, parcel and lid, shelf, station, reject bin, lamps, cameras, a passer-by."""

from __future__ import annotations

import cv2
import mujoco
import numpy as np

from moravec.robots.ur5e import model as ur5e
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.worlds.cell import layout
from moravec.worlds.cell.conditions.light import colour_gains
from moravec.worlds.cell.config import Drawn, Lighting
from moravec.worlds.cell.conveyor import add_conveyor
from moravec.worlds.cell.items import ItemSpec
from moravec.worlds.cell.things.build import add_item

TABLE = (0.80, 0.79, 0.76, 1.0)
TABLE_EDGE = (0.30, 0.33, 0.36, 1.0)
FLOOR = (0.58, 0.61, 0.64, 1.0)
CARDBOARD = (0.72, 0.55, 0.37, 1.0)
CARDBOARD_DARK = (0.60, 0.45, 0.29, 1.0)
BIN = (0.30, 0.37, 0.44, 1.0)
BIN_INSIDE = (0.40, 0.47, 0.54, 1.0)
REJECT = (0.88, 0.42, 0.16, 1.0)
STATION = (0.52, 0.54, 0.56, 1.0)
STATION_RING = (0.16, 0.52, 0.78, 1.0)
VEST = (0.96, 0.55, 0.10, 1.0)
STATIC_GROUP = 0
HANDLE_COLOUR = (0.10, 0.11, 0.13, 1.0)
HANDLE_HALF = (0.011, 0.045, 0.022)
LID_MASS = 0.14  # [kg]
CRATE_ABOVE_RIM = 0.045  # [m] of what fills a bin
PARKED = (-3.0, -3.0)  # [m] where the passer-by waits, out of every picture and of the scanners' range
ROOM_FLOOR = -0.72  # [m]
TABLE_CENTRE, TABLE_HALF = (0.15, 0.03), (0.75, 0.95)  # [m]
# Left (+y), right (-y), front (+x) and back (-x) [m].
TABLE_EDGES = (
    TABLE_CENTRE[1] + TABLE_HALF[1], TABLE_CENTRE[1] - TABLE_HALF[1],
    TABLE_CENTRE[0] + TABLE_HALF[0], TABLE_CENTRE[0] - TABLE_HALF[0],
)  # fmt: skip
# The safety scanners: under two opposite corners, from where each sees along two edges and two of the table's legs.
SCANNER_HEIGHT = 0.30  # [m] above the floor: shins and knees
SCANNER_INSET = 0.04  # [m] from the table's edges
SCANNER_COLOUR = (0.95, 0.78, 0.12, 1.0)

BOX = mujoco.mjtGeom.mjGEOM_BOX


def _block(body: mujoco.MjsBody, half, pos, rgba, **more) -> None:
    more.setdefault("group", STATIC_GROUP)
    body.add_geom(type=BOX, size=half, pos=pos, rgba=rgba, **more)


def _tray(body: mujoco.MjsBody, inner, floor, height, wall, colour, inside, prefix: str) -> None:
    """An open box around the body's origin: floor from 0 to `floor`, walls to `height`."""
    hx, hy = inner[0] / 2, inner[1] / 2
    _block(body, (hx + wall, hy + wall, floor / 2), (0, 0, floor / 2), inside, name=f"{prefix}_floor")
    hz = height / 2
    for name, half, pos in (
        ("front", (wall / 2, hy + wall, hz), (-hx - wall / 2, 0, hz)),
        ("back", (wall / 2, hy + wall, hz), (hx + wall / 2, 0, hz)),
        ("right", (hx, wall / 2, hz), (0, -hy - wall / 2, hz)),
        ("left", (hx, wall / 2, hz), (0, hy + wall / 2, hz)),
    ):
        _block(body, half, pos, colour, name=f"{prefix}_{name}")


def _add_picture(spec: mujoco.MjSpec, name: str, picture: np.ndarray) -> None:
    """A greyscale `picture` (h, w) as a material that is drawn upright on the +z face of a thin box."""
    rgb = np.ascontiguousarray(np.repeat(picture[:, :, None], 3, axis=2).astype(np.uint8))
    texture = spec.add_texture(
        name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=rgb.shape[1], height=rgb.shape[0], nchannel=3
    )
    texture.data = rgb.tobytes()
    material = spec.add_material(name=name, texuniform=False, specular=0.0, shininess=0.0)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name


def tag_picture(number: int, side: int = 160) -> np.ndarray:
    """An AprilTag 36h11 with its white border, (side, side) greyscale."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)
    core = cv2.aruco.generateImageMarker(dictionary, number, side * 8 // 10)
    return cv2.copyMakeBorder(core, *[side // 10] * 4, cv2.BORDER_CONSTANT, value=255)


def label_picture(label: str, side: int = 192) -> np.ndarray:
    """A bin's label: an ArUco 4x4 marker for the robot, (side, side) greyscale."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    core = cv2.aruco.generateImageMarker(dictionary, layout.LABELS.index(label), side * 6 // 8)
    return cv2.copyMakeBorder(core, *[side // 8] * 4, cv2.BORDER_CONSTANT, value=255)


def letter_picture(label: str, side: int = 128) -> np.ndarray:
    """The same label for people: a letter, (side, side) greyscale."""
    picture = np.full((side, side), 255, np.uint8)
    (w, h), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_DUPLEX, 3.4, 8)
    cv2.putText(picture, label, ((side - w) // 2, (side + h) // 2), cv2.FONT_HERSHEY_DUPLEX, 3.4, 30, 8, cv2.LINE_AA)
    return picture


def build(
    items: tuple[ItemSpec, ...], drawn: Drawn, timestep: float, full: str | None = None, glued: bool = False,
    conveyor: bool = False,
) -> mujoco.MjSpec:
    """The whole cell as a specification, with `items` parked beside it. `full` names a bin that has no room; a `glued` lid can be
    held fast (equality "lid_glue"); a `conveyor` takes the parcel's place."""
    spec = mujoco.MjSpec()
    spec.modelname = "moravec cell"
    spec.compiler.degree = False
    _physics(spec, timestep)
    _lamps(spec, drawn.lighting)
    for item in items:
        if item.code is not None and spec.material(f"tag_{item.code}") is None:
            _add_picture(spec, f"tag_{item.code}", tag_picture(item.code))
    _room(spec)
    _scanners(spec)
    if conveyor:
        add_conveyor(spec)
    else:
        _parcel(spec, drawn.parcel_shift)
    spec.worldbody.add_body(name="parcel_view", pos=[0.28, 0.03, 0.05])
    if glued:
        ends = {"objtype": mujoco.mjtObj.mjOBJ_BODY, "name1": "parcel", "name2": "lid"}
        glue = spec.add_equality(name="lid_glue", type=mujoco.mjtEq.mjEQ_WELD, active=False, **ends)
        glue.data = [0.0] * 10 + [1.0]  # as they are drawn: a rotation of zeros says so
    _shelf(spec, drawn.labels, full)
    _station(spec)
    _reject(spec)
    _passer_by(spec)
    ur5e.add_arm(spec)
    ur5e.add_servos(spec, tuple(float(t) for t in ur5e_limits().torque))
    wrist = {"objtype": mujoco.mjtObj.mjOBJ_SITE, "objname": "wrist_force"}
    spec.add_sensor(name="wrist_force", type=mujoco.mjtSensor.mjSENS_FORCE, **wrist)
    spec.add_sensor(name="wrist_torque", type=mujoco.mjtSensor.mjSENS_TORQUE, **wrist)
    for index, item in enumerate(items):
        add_item(spec, item, (-2.0, -1.0 + 0.25 * index, 0.05 - 0.72))
    spec.worldbody.add_camera(name="overhead", pos=[0.16, 0.06, 1.55], quat=[0.70710678, 0, 0, -0.70710678], fovy=58)
    spec.worldbody.add_camera(name="portrait", pos=[1.75, -1.15, 1.25], mode=mujoco.mjtCamLight.mjCAMLIGHT_TARGETBODY,
                              targetbody="parcel_view", fovy=38)  # fmt: skip
    return spec


def _physics(spec: mujoco.MjSpec, timestep: float) -> None:
    # Contacts three times stiffer than MuJoCo's default: with that, light things sink through a floor they fall on.
    spec.default.geom.solref = [0.006, 1.0]
    option = spec.option
    option.timestep = timestep
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10.0  # firm friction, so that a held item does not creep
    spec.stat.extent = 1.5
    spec.visual.quality.shadowsize = 2048
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 1600, 1200


def _lamps(spec: mujoco.MjSpec, light: Lighting) -> None:
    gains = colour_gains(light.mired)
    tint = np.clip(np.array([1 + 0.12 * light.warmth, 1.0, 1 - 0.12 * light.warmth]), 0, 1.2) * gains
    main = 0.62 * light.level * tint
    x, y = 1.6 * np.cos(light.azimuth), -1.6 * np.sin(light.azimuth)
    # From infinitely far: its position says nothing, whichever way it is turned.
    spec.worldbody.add_light(
        name="main", pos=[x, y, 2.6], dir=_turned((-x + 0.2, -y, -2.6), light.turn, light.lowered), diffuse=main,
        specular=[0.1] * 3, castshadow=True, type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, ambient=[0, 0, 0],
    )  # fmt: skip
    spec.visual.headlight.ambient = 0.38 * light.level * tint
    spec.visual.headlight.diffuse = 0.18 * light.level * gains
    spec.visual.headlight.specular = [0.0] * 3
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.90, 0.93, 0.95], rgb2=[0.66, 0.71, 0.76], width=64, height=384,
    )  # fmt: skip


def _turned(way: tuple[float, float, float], turn: float, lowered: float) -> list[float]:
    """A light's `way` down, turned about the vertical by `turn` and towards the horizon by `lowered` [rad]."""
    x, y, z = way
    flat = np.hypot(x, y)
    stretch = np.cos(lowered) - z / flat * np.sin(lowered)
    c, s = np.cos(turn), np.sin(turn)
    return [stretch * (c * x - s * y), stretch * (s * x + c * y), z * np.cos(lowered) + flat * np.sin(lowered)]


def lamps_alone(lighting: Lighting) -> mujoco.MjModel:
    """Nothing but the lamps: what those of a whole cell are compared with."""
    spec = mujoco.MjSpec()
    _lamps(spec, lighting)
    return spec.compile()


def _room(spec: mujoco.MjSpec) -> None:
    world = spec.worldbody
    world.add_geom(name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[4, 4, 0.1], pos=[0, 0, ROOM_FLOOR], rgba=FLOOR)
    _block(world, (*TABLE_HALF, 0.02), (*TABLE_CENTRE, -0.02), TABLE, name="table_top")
    _block(world, (0.755, 0.955, 0.012), (*TABLE_CENTRE, -0.034), TABLE_EDGE, contype=0, conaffinity=0)
    for x in (-0.52, 0.82):
        for y in (-0.84, 0.90):
            _block(world, (0.03, 0.03, 0.34), (x, y, -0.38), TABLE_EDGE)


def _scanners(spec: mujoco.MjSpec) -> None:
    """Two housings without contact; the rays start in their middle."""
    left, right, front, back = TABLE_EDGES
    z = ROOM_FLOOR + SCANNER_HEIGHT
    for name, x, y in (
        ("scanner_right", front - SCANNER_INSET, right + SCANNER_INSET),
        ("scanner_left", back + SCANNER_INSET, left - SCANNER_INSET),
    ):
        body = spec.worldbody.add_body(name=name, pos=[x, y, z])
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[0.03, 0.04, 0], rgba=SCANNER_COLOUR, contype=0,
                      conaffinity=0, group=STATIC_GROUP)  # fmt: skip


def _parcel(spec: mujoco.MjSpec, shift: tuple[float, float, float]) -> None:
    dx, dy, yaw = shift
    x, y = layout.PARCEL_CENTRE[0] + dx, layout.PARCEL_CENTRE[1] + dy
    quat = [np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]
    parcel = spec.worldbody.add_body(name="parcel", pos=[x, y, 0], quat=quat)
    _tray(parcel, layout.PARCEL_INNER, layout.PARCEL_FLOOR, layout.PARCEL_HEIGHT, layout.PARCEL_WALL, CARDBOARD,
          CARDBOARD_DARK, "parcel")  # fmt: skip
    lid = spec.worldbody.add_body(name="lid", pos=[x, y, layout.PARCEL_HEIGHT + 0.003], quat=quat)
    lid.add_freejoint(name="lid")
    hx, hy = (s / 2 + layout.PARCEL_WALL for s in layout.PARCEL_INNER)
    _block(lid, (hx, hy, 0.002), (0, 0, 0), CARDBOARD, mass=LID_MASS * 0.8, name="lid_plate", friction=(0.6, 0.01, 0.001))
    inset, lip = layout.PARCEL_WALL + 0.004, 0.008
    for half, pos in (
        ((0.0015, hy - inset - 0.02, lip), (hx - inset, 0, -lip)),
        ((0.0015, hy - inset - 0.02, lip), (-hx + inset, 0, -lip)),
        ((hx - inset - 0.02, 0.0015, lip), (0, hy - inset, -lip)),
        ((hx - inset - 0.02, 0.0015, lip), (0, -hy + inset, -lip)),
    ):
        _block(lid, half, pos, CARDBOARD_DARK, mass=0.001)
    _block(lid, HANDLE_HALF, (0, 0, 0.002 + HANDLE_HALF[2]), HANDLE_COLOUR, mass=LID_MASS * 0.2, name="lid_handle",
           friction=(1.0, 0.02, 0.001), condim=4)  # fmt: skip
    for sign in (-1, 1):  # parcel tape
        _block(lid, (hx, 0.022, 0.0004), (0, sign * 0.12, 0.0022), (0.80, 0.66, 0.46, 1), contype=0, conaffinity=0, mass=0)


def _shelf(spec: mujoco.MjSpec, labels: tuple[str, ...], full: str | None) -> None:
    world = spec.worldbody
    for label in layout.LABELS:
        _add_picture(spec, f"label_{label}", label_picture(label))
        _add_picture(spec, f"letter_{label}", letter_picture(label))
    z = layout.UPPER_ROW[1]
    depth = layout.BIN_INNER[1] / 2 + layout.BIN_WALL
    half = (layout.PLINTH_SIZE[0] / 2, layout.PLINTH_SIZE[1] / 2, z / 2)
    _block(world, half, (*layout.PLINTH_CENTRE, z / 2), TABLE_EDGE, name="shelf_plinth")
    for place, label in zip(layout.bin_places(), labels, strict=True):
        bottom = place.floor - layout.BIN_WALL
        body = world.add_body(name=place.name, pos=[*place.centre, bottom])
        _tray(body, layout.BIN_INNER, layout.BIN_WALL, layout.BIN_HEIGHT, layout.BIN_WALL, BIN, BIN_INSIDE, place.name)
        if place.name == full:  # a crate that stands out of it
            high = layout.BIN_HEIGHT - layout.BIN_WALL + CRATE_ABOVE_RIM
            half = (layout.BIN_INNER[0] / 2 - 0.006, layout.BIN_INNER[1] / 2 - 0.006, high / 2)
            _block(body, half, (0, 0, layout.BIN_WALL + half[2]), CARDBOARD, name="crate")
        ledge_y = -(depth + layout.LEDGE_DEPTH / 2)
        top = layout.BIN_HEIGHT
        _block(body, (0.055, layout.LEDGE_DEPTH / 2, 0.003), (0, ledge_y, top - 0.003), BIN)
        half = layout.LABEL_SIDE / 2
        for name, x in ((f"label_{label}", 0.026), (f"letter_{label}", -0.026)):
            body.add_geom(
                type=BOX, size=[half, half, 0.0008], pos=[x, ledge_y, top + 0.0004], material=name, contype=0,
                conaffinity=0, group=STATIC_GROUP, quat=[0.70710678, 0, 0, -0.70710678],
            )  # fmt: skip


def _station(spec: mujoco.MjSpec) -> None:
    body = spec.worldbody.add_body(name="station", pos=[*layout.STATION_CENTRE, 0])
    hx, hy = layout.STATION_SIZE[0] / 2, layout.STATION_SIZE[1] / 2
    hz = layout.STATION_HEIGHT / 2
    _block(body, (hx, hy, hz), (0, 0, hz), STATION, name="station_plate", friction=(0.9, 0.03, 0.003), condim=6)
    _block(body, (hx + 0.012, hy + 0.012, hz * 0.6), (0, 0, hz * 0.6), STATION_RING, contype=0, conaffinity=0)
    lip = 0.004  # a low kerb keeps balls from rolling off
    for half, pos in (
        ((0.003, hy, lip), (hx, 0, 2 * hz + lip)),
        ((0.003, hy, lip), (-hx, 0, 2 * hz + lip)),
        ((hx, 0.003, lip), (0, hy, 2 * hz + lip)),
        ((hx, 0.003, lip), (0, -hy, 2 * hz + lip)),
    ):
        _block(body, half, pos, STATION_RING)


def _reject(spec: mujoco.MjSpec) -> None:
    body = spec.worldbody.add_body(name="reject", pos=[*layout.REJECT_CENTRE, 0])
    _tray(body, layout.REJECT_INNER, 0.006, layout.REJECT_HEIGHT, layout.REJECT_WALL, REJECT, (*(0.8 * np.array(REJECT[:3])), 1),
          "reject")  # fmt: skip


def _passer_by(spec: mujoco.MjSpec) -> None:
    """A figure on two slides, without contact: it can be seen and scanned, not bumped into."""
    body = spec.worldbody.add_body(name="person", pos=[0, 0, ROOM_FLOOR])
    for axis, name in (([1, 0, 0], "person_x"), ([0, 1, 0], "person_y")):
        joint = body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=axis)
        joint.damping = np.array([400.0, 0, 0])
        actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.biastype = mujoco.mjtBias.mjBIAS_AFFINE
        actuator.gainprm[0] = 4000.0
        actuator.biasprm[:3] = [0.0, -4000.0, -600.0]
    capsule, sphere = mujoco.mjtGeom.mjGEOM_CAPSULE, mujoco.mjtGeom.mjGEOM_SPHERE
    ghost = {"contype": 0, "conaffinity": 0, "group": STATIC_GROUP}
    for y in (-0.1, 0.1):
        body.add_geom(type=capsule, fromto=[0, y, 0.08, 0, y, 0.85], size=[0.075, 0, 0], rgba=[0.2, 0.24, 0.32, 1],
                      mass=8, **ghost)  # fmt: skip
        body.add_geom(type=capsule, fromto=[0, 2.6 * y, 0.9, 0, 2.3 * y, 1.38], size=[0.05, 0, 0], rgba=VEST, mass=3, **ghost)
    body.add_geom(type=capsule, fromto=[0, 0, 0.95, 0, 0, 1.35], size=[0.16, 0, 0], rgba=VEST, mass=40, **ghost)
    body.add_geom(type=sphere, pos=[0, 0, 1.64], size=[0.115, 0, 0], rgba=[0.82, 0.63, 0.50, 1], mass=5, **ghost)
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_ELLIPSOID, pos=[0, 0, 1.70], size=[0.13, 0.13, 0.09], mass=0.5,
                  rgba=[0.95, 0.95, 0.93, 1], **ghost)  # fmt: skip
