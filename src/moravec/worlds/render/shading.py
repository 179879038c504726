"""Light on surfaces: OpenGL's fixed lighting, as MuJoCo sets it up, evaluated for every pixel.

Ambient and Lambert terms, Blinn-Phong highlights with a local viewer (OpenGL 2.1 specification, section 2.14.1).
Arrays of vectors are (3, n), one row a component: numpy is several times faster on them than on (n, 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.worlds.render.materials import Materials, Texture, texture_scale

Floats = NDArray[np.float32]

_NO_LIGHT_AMBIENT = 0.3  # MuJoCo's, where a scene has no light at all
_MIN_TEXTURED_COSINE = 0.05


@dataclass(frozen=True, slots=True)
class Surface:
    """Points that are seen, in the world."""

    geom: NDArray[np.int32]  # (n,), all >= 0
    point: Floats  # (3, n) [m]
    normal: Floats  # (3, n), unit
    view: Floats  # (3, n) from the point to the eye, unit
    footprint: Floats  # (n,) width of one pixel at the point [m]


@dataclass(frozen=True, slots=True)
class Light:
    """One light of a MuJoCo scene; colours (3,) in [0, 1]."""

    directional: bool
    position: Floats  # (3,) [m]
    direction: Floats  # (3,), unit, the way it shines
    ambient: Floats
    diffuse: Floats
    specular: Floats
    attenuation: tuple[float, float, float]
    cutoff: float  # [rad]
    exponent: float
    casts: bool  # throws shadows
    bulb: float  # radius [m]


def read_lights(scene: mujoco.MjvScene) -> tuple[Light, ...]:
    """The lights of an updated scene, headlight included; kinds that MuJoCo's OpenGL ignores are left out."""
    kinds = mujoco.mjtLightType
    return tuple(
        Light(
            directional=light.type == kinds.mjLIGHT_DIRECTIONAL,
            position=light.pos.copy(),
            direction=light.dir / max(float(np.linalg.norm(light.dir)), 1e-9),
            ambient=light.ambient.copy(),
            diffuse=light.diffuse.copy(),
            specular=light.specular.copy(),
            attenuation=(float(light.attenuation[0]), float(light.attenuation[1]), float(light.attenuation[2])),
            cutoff=float(np.deg2rad(light.cutoff)),
            exponent=float(light.exponent),
            casts=bool(light.castshadow) and not light.headlight,
            bulb=float(light.bulbradius),
        )
        for light in (scene.lights[i] for i in range(scene.nlight))
        if light.type in (kinds.mjLIGHT_DIRECTIONAL, kinds.mjLIGHT_SPOT)
    )


def _dot(a: Floats, b: Floats) -> Floats:
    result: Floats = a[0] * b[0]
    result += a[1] * b[1]
    result += a[2] * b[2]
    return result


def towards(light: Light, point: Floats) -> tuple[Floats, Floats]:
    """Unit vectors from points (3, n) to the light, (3, n) or (3, 1), and how much of it arrives, (n,) or (1,)."""
    if light.directional:
        return -light.direction[:, None], np.ones(1, dtype=np.float32)
    to_light = light.position[:, None] - point
    distance = np.sqrt(_dot(to_light, to_light))
    to_light /= distance
    constant, linear, square = light.attenuation
    along = np.clip(-(light.direction @ to_light), 0.0, 1.0)
    arrives = along**light.exponent / np.maximum(constant + linear * distance + square * distance**2, 1e-6)
    arrives[along < np.cos(light.cutoff)] = 0.0
    return to_light, arrives.astype(np.float32)


def shade(surface: Surface, materials: Materials, lights: tuple[Light, ...], lit: dict[int, Floats]) -> Floats:
    """Colours (3, n), untextured and not yet clipped to [0, 1].

    `lit` holds, for lights that throw shadows, the share (n,) of the light that is not blocked.
    """
    ambient = np.full(3, 0.0 if lights else _NO_LIGHT_AMBIENT, dtype=np.float32)
    for light in lights:
        ambient = ambient + light.ambient
    glow = materials.rgba[:, :3] * (materials.emission[:, None] + ambient)
    colours = np.take(np.ascontiguousarray(glow.T), surface.geom, axis=1)
    albedo = np.take(np.ascontiguousarray(materials.rgba[:, :3].T), surface.geom, axis=1)
    facing = _dot(surface.normal, surface.view)
    for i, light in enumerate(lights):
        to_light, arrives = towards(light, surface.point)
        cosine = _dot(surface.normal, to_light)
        reaches = arrives * lit[i] if i in lit else arrives
        strength = np.maximum(cosine, 0.0) * reaches
        for channel in range(3):
            colours[channel] += albedo[channel] * (strength * light.diffuse[channel])
        if light.specular.any():
            peak = _highlight(surface, materials, to_light, cosine, facing) * reaches
            for channel in range(3):
                colours[channel] += peak * light.specular[channel]
    return colours


def _highlight(surface: Surface, materials: Materials, to_light: Floats, cosine: Floats, facing: Floats) -> Floats:
    # With h the normalised sum of unit vectors l and v: n.h = (n.l + n.v) / sqrt(2 + 2 l.v).
    peak = np.zeros_like(cosine)
    specular = materials.specular[surface.geom]
    rows = np.flatnonzero((cosine > 0.0) & (specular > 0.0))
    if len(rows):
        opening = _dot(to_light, surface.view)[rows]
        aligned = (cosine[rows] + facing[rows]) / np.sqrt(np.maximum(2.0 + 2.0 * opening, 1e-6))
        exponent = materials.exponent[surface.geom[rows]]
        peak[rows] = specular[rows] * np.maximum(aligned, 1e-6) ** exponent
    return peak


def apply_textures(
    colours: Floats,
    surface: Surface,
    materials: Materials,
    textures: dict[int, Texture],
    model: mujoco.MjModel,
    data: mujoco.MjData,
) -> None:
    """Multiply `colours` (3, n), in place, by the textures of the geoms that carry one."""
    carries = materials.texture >= 0
    if not carries.any():
        return
    seen = np.flatnonzero(carries[surface.geom])
    if not len(seen):
        return
    order = seen[np.argsort(surface.geom[seen], kind="stable")]
    geoms, starts = np.unique(surface.geom[order], return_index=True)
    for geom, rows in zip(geoms.tolist(), np.split(order, starts[1:]), strict=True):
        texture = textures[int(materials.texture[geom])]
        if texture.flat:
            colours[:, rows] *= texture.mean[:, None]
            continue
        turn = data.geom_xmat[geom].reshape(3, 3).astype(np.float32)
        local = turn.T[:2] @ (surface.point[:, rows] - data.geom_xpos[geom].astype(np.float32)[:, None])
        kx, ky = texture_scale(model, geom)
        facing = np.maximum(np.abs(turn[:, 2] @ surface.view[:, rows]), _MIN_TEXTURED_COSINE)
        metres = float(np.median(surface.footprint[rows] / np.sqrt(facing)))
        height, width = texture.size()
        texels = metres * max(kx * width, ky * height)
        colours[:, rows] *= texture.sample(local[0] * kx - 0.5, -local[1] * ky - 0.5, texels).T
