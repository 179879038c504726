"""Light on surfaces: OpenGL's fixed lighting, as MuJoCo sets it up, evaluated for every pixel.

Ambient and Lambert terms, Blinn-Phong highlights with a local viewer (OpenGL 2.1 specification, section 2.14.1).
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
    point: Floats  # (n, 3) [m]
    normal: Floats  # (n, 3), unit
    view: Floats  # (n, 3) from the point to the eye, unit
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


def towards(light: Light, point: Floats) -> tuple[Floats, Floats]:
    """Unit vectors from points (n, 3) to the light, (n, 3) or (1, 3), and how much of it arrives, (n,) or (1,)."""
    if light.directional:
        return -light.direction[None, :], np.ones(1, dtype=np.float32)
    to_light = light.position - point
    distance = np.sqrt(np.einsum("ij,ij->i", to_light, to_light))
    to_light /= distance[:, None]
    constant, linear, square = light.attenuation
    along = np.clip(-(to_light @ light.direction), 0.0, 1.0)
    arrives = along**light.exponent / np.maximum(constant + linear * distance + square * distance**2, 1e-6)
    arrives[along < np.cos(light.cutoff)] = 0.0
    return to_light, arrives


def shade(
    surface: Surface,
    materials: Materials,
    lights: tuple[Light, ...],
    lit: dict[int, Floats],
) -> Floats:
    """Colours (n, 3), untextured and not yet clipped to [0, 1].

    `lit` holds, for lights that throw shadows, the share (n,) of the light that is not blocked.
    """
    ambient = np.full(3, 0.0 if lights else _NO_LIGHT_AMBIENT, dtype=np.float32)
    for light in lights:
        ambient = ambient + light.ambient
    glow = materials.emission[:, None] + ambient
    total = glow[surface.geom]
    shine = np.zeros_like(total)
    specular = materials.specular[surface.geom]
    for i, light in enumerate(lights):
        to_light, arrives = towards(light, surface.point)
        cosine = np.einsum("ij,ij->i", surface.normal, np.broadcast_to(to_light, surface.normal.shape))
        strength = np.maximum(cosine, 0.0) * arrives
        share = lit.get(i)
        if share is not None:
            strength *= share
        total += strength[:, None] * light.diffuse
        if light.specular.any():
            picked = np.flatnonzero((strength > 0.0) & (specular > 0.0))
            peak = _highlight(surface, materials, to_light, picked) * specular[picked]
            peak *= np.broadcast_to(arrives, strength.shape)[picked] * (1.0 if share is None else share[picked])
            shine[picked] += peak[:, None] * light.specular
    return materials.rgba[surface.geom, :3] * total + shine


def _highlight(surface: Surface, materials: Materials, to_light: Floats, picked: NDArray[np.intp]) -> Floats:
    half = surface.view[picked] + (to_light if len(to_light) == 1 else to_light[picked])
    aligned = np.einsum("ij,ij->i", half, surface.normal[picked])
    aligned /= np.sqrt(np.einsum("ij,ij->i", half, half))
    peak: Floats = np.maximum(aligned, 1e-6) ** materials.exponent[surface.geom[picked]]
    return peak


def apply_textures(
    colours: Floats,
    surface: Surface,
    materials: Materials,
    textures: dict[int, Texture],
    model: mujoco.MjModel,
    data: mujoco.MjData,
) -> None:
    """Multiply `colours` (n, 3), in place, by the textures of the geoms that carry one."""
    carries = materials.texture >= 0
    if not carries.any():
        return
    seen = np.flatnonzero(carries[surface.geom])
    order = seen[np.argsort(surface.geom[seen], kind="stable")]
    geoms, starts = np.unique(surface.geom[order], return_index=True)
    for geom, rows in zip(geoms.tolist(), np.split(order, starts[1:]), strict=True):
        texture = textures[int(materials.texture[geom])]
        if texture.flat:
            colours[rows] *= texture.mean
            continue
        local = (surface.point[rows] - data.geom_xpos[geom].astype(np.float32)) @ data.geom_xmat[geom].reshape(
            3, 3
        ).astype(np.float32)
        kx, ky = texture_scale(model, geom)
        height, width = texture.size()
        axis = data.geom_xmat[geom].reshape(3, 3)[:, 2].astype(np.float32)
        facing = np.maximum(np.abs(surface.view[rows] @ axis), _MIN_TEXTURED_COSINE)
        metres = float(np.median(surface.footprint[rows] / np.sqrt(facing)))
        texels = metres * max(kx * width, ky * height)
        colours[rows] *= texture.sample(local[:, 0] * kx - 0.5, -local[:, 1] * ky - 0.5, texels)
