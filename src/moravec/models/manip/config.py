"""How large the model is, and how it is trained. Values are frozen and stand in every run's folder."""

from __future__ import annotations

from dataclasses import dataclass, field

from moravec.core.errors import BadInput

COARSE = 2  # [px] of the view in one of the first look
STEM = 4  # of these in a cell of its maps
PIECE = 32  # [px] of the view, of the pieces that are looked at sharply
CELL = 2 * COARSE * STEM  # [px] of the view in a cell of the smaller maps


@dataclass(frozen=True, slots=True)
class View:
    """How a camera's picture becomes the model's: the part of it that is kept, as shares of its height and width, and the size
    (height, width) [px] that part is scaled to by area."""

    top: float = 50 / 256
    bottom: float = 242 / 256
    left: float = 62 / 256
    right: float = 254 / 256
    height: int = 192
    width: int = 192

    def __post_init__(self) -> None:
        if not (0.0 <= self.top < self.bottom <= 1.0 and 0.0 <= self.left < self.right <= 1.0):
            found = (self.top, self.bottom, self.left, self.right)
            raise BadInput("the view (top, bottom, left, right)", found, "shares from 0 to 1, top and left first")
        if self.height % CELL or self.width % CELL or not 32 <= self.height <= 512 or not 32 <= self.width <= 512:
            raise BadInput("the view's size", (self.height, self.width), f"multiples of {CELL} from 32 to 512 pixels")


@dataclass(frozen=True, slots=True)
class NetConfig:
    """The network. `points` maps of attention look for what the sentence names; the first `taught` are tied to known places."""

    channels: int = 64  # of the maps, a cell of COARSE * STEM pixels
    wide: int = 96  # of those of half the size
    blocks: int = 2  # on these, of two 3x3 convolutions each, modulated by the sentence
    points: int = 32
    taught: int = 4
    read: int = 16  # numbers that are read at each point
    piece_channels: int = 64  # of the maps of a piece that is looked at sharply, one for each taught point
    sharp: int = 64  # numbers that are read from each
    words: int = 128  # width of the sentence
    layers: int = 2  # of the sentence's encoder
    hidden: int = 512  # width of the head
    depth: int = 3  # its residual blocks
    chunk: int = 10


@dataclass(frozen=True, slots=True)
class LossConfig:
    """Weights of the losses. Those of places need a dataset that holds them and are left out where it does not."""

    points: float = 0.1  # the taught maps against where the points are in the picture
    sharp: float = 0.1  # the corrected points against the same
    places: float = 0.5  # predicted places against the true ones
    error: float = 0.05  # the model's own estimate of its error
    place_scale: float = 0.1  # [m], what counts as 1 in the loss of places
    blur: float = 0.75  # [cells] of the target around a point
    sharp_scale: float = 2.0  # [px], what counts as 1 in the loss of corrected points


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One training. The learning rate rises over `warmup` steps and falls with half a cosine to `last_rate` at the last step."""

    steps: int = 40_000
    batch: int = 128  # of all processes together
    rate: float = 1e-3
    warmup: int = 500
    last_rate: float = 1e-5
    decay: float = 1e-4
    clip: float = 1.0
    average: float = 0.998  # of the weights that are kept
    state_dropout: float = 0.1
    word_dropout: float = 0.1
    colour: float = 0.3  # how much brightness, contrast and tint vary
    bfloat16: bool = False  # faster where there are units for it, much slower elsewhere: `precision.bfloat16_pays`
    save_every: int = 500
    seed: int = 0
    net: NetConfig = field(default_factory=NetConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    view: View = field(default_factory=View)
