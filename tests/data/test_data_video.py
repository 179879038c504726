"""A frame of a video is the frame that was put there, in whatever order it is asked for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from helpers_data import pictures
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from moravec.core.errors import BadInput, MoravecError
from moravec.data.lerobot.video import AV1, Encoder, VideoFile, encode, rate_of

SHOWN = pictures(0, 40, 32, 48)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "a.mp4"
    encode(path, SHOWN, 30, Encoder())
    return path


def number(picture: NDArray[np.uint8]) -> int:
    """Which of the pictures that were put in this one is."""
    return int(np.argmin(np.abs(SHOWN.astype(int) - picture).mean(axis=(1, 2, 3))))


@pytest.mark.parametrize("encoder", [Encoder(), Encoder(crf=23, gop=8), AV1])
@pytest.mark.parametrize("fps", [10, 29.97, 80])
def test_frames_stand_at_their_times(encoder: Encoder, fps: float, tmp_path: Path) -> None:
    encode(tmp_path / "a.mp4", SHOWN, fps, encoder)
    with VideoFile(tmp_path / "a.mp4") as file:
        assert file.size() == (32, 48)
        assert file.times() == pytest.approx(np.arange(40) / fps, abs=1e-6)
        seen = file.frames([k / fps for k in range(40)])
    assert [number(p) for p in seen] == list(range(40))
    assert np.abs(seen.astype(int) - SHOWN).mean() < 5


def test_the_file_is_as_the_format_wants_it(video: Path) -> None:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert len(container.streams) == 1
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == 30
        assert not stream.codec_context.has_b_frames
        keys = [packet.is_keyframe for packet in container.demux(stream) if packet.pts is not None]
    assert keys == [True, False] * 20
    boxes = video.read_bytes()
    assert boxes.index(b"moov") < boxes.index(b"mdat")  # faststart


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    found = set()
    for _ in range(60):
        encode(tmp_path / "a.mp4", SHOWN, 30, Encoder())
        found.add((tmp_path / "a.mp4").read_bytes())
    assert len(found) == 1


@given(st.lists(st.integers(0, 39), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_any_order_gives_the_same_frames(video: Path, order: list[int]) -> None:
    with VideoFile(video) as file:
        straight = file.frames([k / 30 for k in range(40)])
        mixed = file.frames([k / 30 for k in order])
        single = np.stack([file.frame(k / 30) for k in order])
    assert np.array_equal(mixed, straight[order])
    assert np.array_equal(single, straight[order])


def foreign(path: Path, gop: int, b_frames: int) -> None:
    """A video as other programs make them: few key frames, and frames that depend on later ones."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"g": str(gop), "bf": str(b_frames), "crf": "18"})
        stream.height, stream.width, stream.pix_fmt = 32, 48, "yuv420p"
        for k in range(40):
            frame = VideoFrame.from_ndarray(SHOWN[k], format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(("gop", "b_frames"), [(250, 0), (12, 3), (250, 3)])
def test_videos_of_other_programs_can_be_read(gop: int, b_frames: int, tmp_path: Path) -> None:
    foreign(tmp_path / "a.mp4", gop, b_frames)
    order = [39, 0, 20, 19, 5, 38, 1, *range(39, -1, -1)]  # backwards: a seek for each
    with VideoFile(tmp_path / "a.mp4") as file:
        found = [number(file.frame(k / 30)) for k in order]
    assert found == order


@pytest.mark.parametrize("time", [-0.1, 1.0 + 1 / 60, 40 / 30, 100.0])
def test_there_is_no_frame_between_frames(time: float, video: Path) -> None:
    with VideoFile(video) as file, pytest.raises(BadInput, match=f"at {time:.4f} s"):
        file.frame(time)
    with VideoFile(video) as file:  # and after asking for it, the others are there still
        with pytest.raises(BadInput):
            file.frame(time)
        assert number(file.frame(0.5)) == 15


def test_the_tolerance_is_kept(video: Path) -> None:
    with VideoFile(video) as file:
        assert number(file.frame(0.5 + 0.9e-4)) == 15
        with pytest.raises(BadInput):
            file.frame(0.5 + 3e-4)
        assert number(file.frame(0.51, tolerance=0.02)) == 15


@pytest.mark.parametrize("left", [0, 100, 0.5, 0.9])
def test_a_file_cut_short_is_refused(left: float, video: Path, tmp_path: Path) -> None:
    data = video.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: int(left * len(data)) if left < 1 else left])
    with pytest.raises(BadInput, match=r"cut\.mp4"), VideoFile(tmp_path / "cut.mp4") as file:
        file.times()
        file.frames([k / 30 for k in range(40)])


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video at all")
    with pytest.raises(BadInput, match="one video stream"):
        VideoFile(tmp_path / "a.mp4")
    with pytest.raises(BadInput, match=r"missing\.mp4"):
        VideoFile(tmp_path / "missing.mp4")


def test_odd_sizes_and_unknown_encoders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="31x48"):
        encode(tmp_path / "a.mp4", SHOWN[:, :31], 30, Encoder())
    with pytest.raises(BadInput, match="libx265"):
        Encoder("libx265")
    with pytest.raises(MoravecError, match="cannot be written"):
        encode(tmp_path / "no" / "a.mp4", SHOWN, 30, Encoder())


def test_rates_become_fractions() -> None:
    assert rate_of(30) == 30
    assert rate_of(29.97) == Fraction(2997, 100)
    assert rate_of(12.5) == Fraction(25, 2)
