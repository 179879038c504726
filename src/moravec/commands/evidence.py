"""Pictures of what a question is about, as files in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import final

import cv2

from moravec.console.crops import Crops
from moravec.skills.contract import Ask


@final
class Evidence:
    """Writes them into `folder`/questions, question by question; a picture that cannot be written is left out."""

    def __init__(self, crops: Crops, folder: Path) -> None:
        self._crops, self._folder = crops, folder / "questions"
        self._asked = 0

    def written(self, question: Ask) -> list[Path]:
        """The files for `question`, as "1-item-3.png"."""
        self._asked += 1
        paths = []
        for item, rgb in self._crops.of(question.more().get("evidence", [])):
            path = self._folder / f"{self._asked}-{item}.png"
            done, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
            try:
                self._folder.mkdir(exist_ok=True)
                path.write_bytes(data.tobytes() if done else b"")
            except OSError:
                continue
            paths.append(path)
        return paths
