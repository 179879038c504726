"""How large the reader is, and how it is trained. Values are frozen and stand in every run's folder."""

from __future__ import annotations

from dataclasses import dataclass, field

from moravec.core.errors import BadInput


@dataclass(frozen=True, slots=True)
class NetConfig:
    """The network: a transformer that reads the sentence and one that writes tokens."""

    width: int = 192
    heads: int = 6
    read_layers: int = 4
    write_layers: int = 2
    hidden: int = 512  # width of the layers between
    piece_width: int = 64  # of a token's pieces, before they are joined

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise BadInput("the reader's width", self.width, f"a multiple of its {self.heads} heads")


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One training. The learning rate rises over `warmup` steps and falls with half a cosine to `last_rate` at the last step."""

    steps: int = 20_000
    batch: int = 64
    rate: float = 1e-3
    warmup: int = 300
    last_rate: float = 1e-5
    decay: float = 0.01
    clip: float = 1.0
    average: float = 0.998  # of the weights that are kept
    dropout: float = 0.1
    word_dropout: float = 0.04  # share of words that are read by their pieces alone
    smoothing: float = 0.02  # of the wanted token, spread over all lawful ones
    bfloat16: bool = False  # where the processor has matrix units for it; slower where it has none
    save_every: int = 100
    seed: int = 0
    net: NetConfig = field(default_factory=NetConfig)
