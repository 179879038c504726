"""Pictures as video: encoded so that every frame is found again, and read back by the time of each frame.

Frame k stands at exactly k / fps seconds from the file's start, and no frame is left out or depends on a later one
(no B-frames), so that a frame is decoded after one seek and few frames more, and files can be joined without decoding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast, final

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from moravec.core.errors import BadInput, MoravecError
from moravec.models.contract import Picture

TOLERANCE = 1e-4  # [s] between the time that is asked for and a frame's own, as lerobot has it
# What each encoder writes, as meta/info.json names it.
CODECS = {"libx264": "h264", "libsvtav1": "av1"}
_AHEAD = 8  # frames; nearer ones are reached by decoding on, farther ones by a seek


@dataclass(frozen=True, slots=True)
class Encoder:
    """How pictures are encoded. The default, H.264 with a key frame every second frame, decodes fast everywhere.

    `crf` is the quality, from 0 (best) to 51 for libx264 and 63 for libsvtav1; `gop` is the distance of key frames;
    `preset` trades speed for size. Raises BadInput for an encoder that is not known.
    """

    codec: str = "libx264"
    crf: int = 18
    preset: str = "veryfast"
    gop: int = 2
    pixels: str = "yuv420p"

    def __post_init__(self) -> None:
        if self.codec not in CODECS:
            raise BadInput("the video encoder", self.codec, CODECS)

    def options(self) -> dict[str, str]:
        """The encoder's own options. Same pictures, same bytes: one thread, and no looking ahead in x264, whose macroblock
        tree gave other bytes in 1 of 100 runs (and is of no use where every second frame is a key frame)."""
        common = {"g": str(self.gop), "crf": str(self.crf), "preset": self.preset}
        if self.codec == "libx264":
            return {**common, "bf": "0", "threads": "1", "mbtree": "0", "rc-lookahead": "0"}
        return {**common, "svtav1-params": "lp=1"}

    def info(self, height: int, width: int, fps: float) -> dict[str, Any]:
        """What meta/info.json says of a video."""
        return {
            "video.height": height, "video.width": width, "video.codec": CODECS[self.codec],
            "video.pix_fmt": self.pixels, "video.fps": int(fps) if float(fps).is_integer() else fps,
            "video.channels": 3, "has_audio": False, "is_depth_map": False,
            "video.g": self.gop, "video.crf": self.crf, "video.preset": self.preset, "video.fast_decode": 0,
            "video.video_backend": "pyav", "video.extra_options": {},
        }  # fmt: skip


# Smaller files. lerobot's own preset, 12, is faster still, and smears what moves in pictures of a few dozen pixels.
AV1 = Encoder("libsvtav1", crf=20, preset="8")


def rate_of(fps: float) -> Fraction:
    """Frames a second as a fraction that a container can keep: 30 is 30/1, 29.97 is 2997/100."""
    return Fraction(fps).limit_denominator(1000)


def encode(path: Path, pictures: Picture, fps: float, encoder: Encoder) -> None:
    """Write `pictures` (T, h, w, 3), RGB, as one MP4 file.

    Raises BadInput for odd sizes and for an encoder that this PyAV does not have, MoravecError where it cannot be written.
    """
    frames, height, width, _ = pictures.shape
    if height % 2 or width % 2:
        raise BadInput("the size of a video's pictures", f"{height}x{width}", "even height and width; odd ones as images")
    if encoder.codec not in av.codecs_available:
        raise BadInput("a video encoder of this PyAV", encoder.codec, [c for c in CODECS if c in av.codecs_available])
    rate = rate_of(fps)
    try:
        with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
            stream = cast(VideoStream, container.add_stream(encoder.codec, rate=rate, options=encoder.options()))
            stream.height, stream.width, stream.pix_fmt = height, width, encoder.pixels
            stream.codec_context.time_base = 1 / rate
            for k in range(frames):
                frame = VideoFrame.from_ndarray(np.ascontiguousarray(pictures[k]), format="rgb24")
                frame.pts, frame.time_base = k, 1 / rate
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.FFmpegError, OSError) as error:
        raise MoravecError(f"video {path}: cannot be written ({error.strerror or error})") from error


@final
class VideoFile:
    """One MP4 file, open for reading. A context manager. Raises BadInput for what is no video."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._container = av.open(str(path))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise self._broken(str(error)) from error
        if not self._container.streams.video:
            self._container.close()
            raise self._broken("no video stream")
        self._stream = self._container.streams.video[0]
        self._stream.codec_context.thread_count = 1  # small pictures; whoever reads much reads in processes
        self._coming: Iterator[VideoFrame] = iter(())
        self._last: tuple[float, VideoFrame] | None = None

    def times(self) -> NDArray[np.float64]:
        """Times [s] of all frames, in order, without decoding one. Raises BadInput for a file that is cut short."""
        base = float(self._stream.time_base or 0)
        try:
            self._container.seek(0)
            found = [packet.pts * base for packet in self._container.demux(self._stream) if packet.pts is not None]
        except av.FFmpegError as error:
            raise self._broken(str(error)) from error
        self._forget()
        return np.sort(np.array(found, dtype=np.float64))

    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self._stream.codec_context.height, self._stream.codec_context.width

    def frames(self, times: Sequence[float], tolerance: float = TOLERANCE) -> Picture:
        """The frames at `times` [s], in any order: (n, h, w, 3), RGB. Raises BadInput where there is none."""
        height, width = self.size()
        pictures = np.empty((len(times), height, width, 3), np.uint8)
        for place in np.argsort(np.asarray(times, dtype=np.float64), kind="stable"):
            pictures[place] = self.frame(float(times[place]), tolerance)
        return pictures

    def frame(self, time: float, tolerance: float = TOLERANCE) -> Picture:
        """The frame at `time` [s]: (h, w, 3), RGB. Cheapest in order of time. Raises BadInput where there is none."""
        found = self._find(time, tolerance)
        try:
            picture = np.asarray(found.to_ndarray(format="rgb24"), np.uint8)
        except (av.FFmpegError, ValueError) as error:
            raise self._broken(f"a frame at {time:.4f} s that cannot be decoded") from error
        if picture.shape[:2] != self.size():
            raise self._broken(f"a frame of {picture.shape[0]}x{picture.shape[1]} at {time:.4f} s")
        return picture

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._forget()
        self._container.close()

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _find(self, time: float, tolerance: float) -> VideoFrame:
        last = self._last
        if last is not None and abs(last[0] - time) <= tolerance:
            return last[1]
        ahead = _AHEAD / float(self._stream.average_rate or 1)
        near = last is not None and last[0] < time <= last[0] + ahead
        if not near:
            self._seek(time)
        found = "no frame"
        for at, frame in self._decoded():
            found = f"a frame at {at:.4f} s"
            if abs(at - time) <= tolerance:
                return frame
            if at > time:
                break
        raise BadInput(f"the video {self.path}, at {time:.4f} s", found, f"a frame within {tolerance * 1e3:g} ms of it")

    def _decoded(self) -> Iterator[tuple[float, VideoFrame]]:
        """Frames with their times [s] from here on."""
        try:
            for frame in self._coming:
                if frame.time is not None:
                    self._last = (float(frame.time), frame)
                    yield self._last
        except av.FFmpegError as error:
            raise self._broken(str(error)) from error

    def _seek(self, time: float) -> None:
        base = self._stream.time_base or Fraction(1, 1)
        try:
            # rounded: the float's own error must not land on the key frame before
            self._container.seek(round(max(0.0, time) / base), stream=self._stream, backward=True, any_frame=False)
        except av.FFmpegError as error:
            raise self._broken(str(error)) from error
        self._last = None
        self._coming = self._container.decode(self._stream)

    def _forget(self) -> None:
        self._last, self._coming = None, iter(())

    def _broken(self, found: str) -> BadInput:
        return BadInput(f"the video {self.path}", found, "an MP4 file with one video stream")
