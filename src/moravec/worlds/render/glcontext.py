"""OpenGL contexts without a window, by ctypes alone.

MuJoCo's own context classes choose their platform by environment variables when `mujoco` is first imported. These
choose when they are made, so that a process can try one after the other and fall back to ray casting.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from _ctypes import dlclose
from collections.abc import Iterator
from typing import Any, Protocol

from moravec.core.errors import WorldError

_RTLD_NOLOAD = 4  # <dlfcn.h>: find a library that is loaded already, load nothing
_EGL_LIBRARY, _OSMESA_LIBRARIES = "libEGL.so.1", ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so")

# Constants of the EGL 1.5 registry and EGL_EXT_platform_device.
_PLATFORM_DEVICE, _NONE, _OPENGL_API = 0x313F, 0x3038, 0x30A2
_CONFIG = (
    (0x3024, 8), (0x3023, 8), (0x3022, 8), (0x3021, 8),  # red, green, blue, alpha size
    (0x3025, 24), (0x3026, 8),  # depth, stencil size
    (0x3033, 0x0001), (0x3040, 0x0008),  # surface: pbuffer; renders: OpenGL
)  # fmt: skip
_GL_RGBA, _GL_UNSIGNED_BYTE = 0x1908, 0x1401


class Context(Protocol):
    """An OpenGL context that draws into memory."""

    def make_current(self) -> None:
        """Bind it to the calling thread; raises `WorldError` where the driver refuses."""

    def release(self) -> None:
        """Unbind it, so that another thread may bind it: a thread that has ended never lets go of what it bound."""

    def free(self) -> None:
        """Give it back. A second call does nothing."""


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop what C libraries write to standard error: drivers print warnings while they look for hardware."""
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed: nothing to drop
        yield
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stderr.flush()
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(sink)
        os.close(kept)


def _load(name: str) -> ctypes.CDLL:
    # MuJoCo looks for the platform among the libraries loaded for the whole process.
    try:
        return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    except OSError as error:
        raise WorldError(f"{name} cannot be loaded: {error}") from error


def _is_loaded(name: str) -> bool:
    try:
        handle = ctypes.CDLL(name, mode=_RTLD_NOLOAD)
    except OSError:
        return False
    dlclose(handle._handle)  # noqa: SLF001 - ctypes gives the handle no other way
    return True


class EglContext:
    """A surfaceless EGL context on the first device that gives one."""

    def __init__(self) -> None:
        """Raises `WorldError` where EGL is missing, has no usable device, or OSMesa is in use in this process."""
        self._context: int | None = None
        if any(_is_loaded(name) for name in _OSMESA_LIBRARIES):
            raise WorldError("EGL cannot be used: this process draws with OSMesa already")
        self._egl = _load(_EGL_LIBRARY)
        try:
            _load("libGL.so.1")
            self._declare()
            self._display = self._open_display()
            self._context = self._make_context()
        except WorldError:
            dlclose(self._egl._handle)  # noqa: SLF001 - else MuJoCo would later find EGL where OSMesa draws
            raise

    def _declare(self) -> None:
        pointer, unsigned = ctypes.c_void_p, ctypes.c_uint
        for name, result, arguments in (
            ("eglGetProcAddress", pointer, [ctypes.c_char_p]),
            ("eglInitialize", unsigned, [pointer, pointer, pointer]),
            ("eglChooseConfig", unsigned, [pointer, pointer, pointer, ctypes.c_int, pointer]),
            ("eglBindAPI", unsigned, [unsigned]),
            ("eglCreateContext", pointer, [pointer, pointer, pointer, pointer]),
            ("eglDestroyContext", unsigned, [pointer, pointer]),
            ("eglMakeCurrent", unsigned, [pointer, pointer, pointer, pointer]),
            ("eglGetCurrentContext", pointer, []),
        ):
            function = getattr(self._egl, name)
            function.restype, function.argtypes = result, arguments

    def _extension(self, name: str, result: Any, *arguments: Any) -> Any:
        address = self._egl.eglGetProcAddress(name.encode())
        if not address:
            raise WorldError(f"this EGL has no {name}")
        return ctypes.CFUNCTYPE(result, *arguments)(address)

    def _open_display(self) -> int:
        pointer, integer, unsigned = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint
        query = self._extension("eglQueryDevicesEXT", unsigned, integer, pointer, pointer)
        get_display = self._extension("eglGetPlatformDisplayEXT", pointer, unsigned, pointer, pointer)
        devices, count = (pointer * 16)(), integer(0)
        if not query(16, devices, ctypes.byref(count)):
            raise WorldError("EGL lists no devices")
        for device in devices[: count.value]:
            display = get_display(_PLATFORM_DEVICE, device, None)
            # The display is never terminated: every context on a device shares one, and the process frees it.
            if display and self._egl.eglInitialize(display, None, None):
                return int(display)
        raise WorldError(f"none of EGL's {count.value} devices can be used")

    def _make_context(self) -> int:
        attributes = (ctypes.c_int * (2 * len(_CONFIG) + 1))(*[v for pair in _CONFIG for v in pair], _NONE)
        config, count = ctypes.c_void_p(), ctypes.c_int(0)
        chosen = self._egl.eglChooseConfig(self._display, attributes, ctypes.byref(config), 1, ctypes.byref(count))
        if not chosen or count.value < 1:
            raise WorldError("EGL has no configuration with 8-bit colour and 24-bit depth")
        self._egl.eglBindAPI(_OPENGL_API)
        context = self._egl.eglCreateContext(self._display, config, None, None)
        if not context:
            raise WorldError("EGL makes no OpenGL context")
        return int(context)

    def make_current(self) -> None:
        """Bind it to the calling thread."""
        if self._egl.eglGetCurrentContext() == self._context:
            return
        if not self._egl.eglMakeCurrent(self._display, None, None, self._context):
            raise WorldError("EGL does not make the context current; is it in use by another thread?")

    def release(self) -> None:
        """Unbind it."""
        if self._egl.eglGetCurrentContext() == self._context:
            self._egl.eglMakeCurrent(self._display, None, None, None)

    def free(self) -> None:
        """Give it back."""
        if self._context is None:
            return
        self.release()
        self._egl.eglDestroyContext(self._display, self._context)
        self._context = None


class OsmesaContext:
    """A Mesa context that draws on the processor."""

    def __init__(self) -> None:
        """Raises `WorldError` where OSMesa is missing or EGL is in use in this process."""
        self._context: int | None = None
        if _is_loaded(_EGL_LIBRARY):
            # MuJoCo resolves OpenGL once a process, from the platform it finds first.
            raise WorldError("OSMesa cannot be used: EGL is loaded in this process already")
        self._mesa = self._library()
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        self._mesa.OSMesaCreateContextExt.restype = pointer
        self._mesa.OSMesaCreateContextExt.argtypes = [ctypes.c_uint, integer, integer, integer, pointer]
        self._mesa.OSMesaMakeCurrent.restype = ctypes.c_ubyte
        self._mesa.OSMesaMakeCurrent.argtypes = [pointer, pointer, ctypes.c_uint, integer, integer]
        self._mesa.OSMesaGetCurrentContext.restype = pointer
        self._mesa.OSMesaDestroyContext.argtypes = [pointer]
        # MuJoCo draws into its own frame buffer: this one only has to exist.
        self._buffer = (ctypes.c_ubyte * (4 * 16 * 16))()
        context = self._mesa.OSMesaCreateContextExt(_GL_RGBA, 24, 8, 0, None)
        if not context:
            raise WorldError("OSMesa makes no OpenGL context")
        self._context = int(context)

    @staticmethod
    def _library() -> ctypes.CDLL:
        for name in _OSMESA_LIBRARIES[:-1]:
            with contextlib.suppress(WorldError):
                return _load(name)
        return _load(_OSMESA_LIBRARIES[-1])

    def make_current(self) -> None:
        """Bind it to the calling thread."""
        if self._mesa.OSMesaGetCurrentContext() == self._context:
            return
        if not self._mesa.OSMesaMakeCurrent(self._context, self._buffer, _GL_UNSIGNED_BYTE, 16, 16):
            raise WorldError("OSMesa does not make the context current")

    def release(self) -> None:
        """Unbind it."""
        if self._mesa.OSMesaGetCurrentContext() == self._context:
            self._mesa.OSMesaMakeCurrent(None, None, _GL_UNSIGNED_BYTE, 0, 0)

    def free(self) -> None:
        """Give it back."""
        if self._context is None:
            return
        self.release()
        self._mesa.OSMesaDestroyContext(self._context)
        self._context = None
