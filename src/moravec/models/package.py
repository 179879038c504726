"""A model as it is shipped: a folder of files, a manifest that says what they are and what they were measured to do, a signature.

`manifest.json` holds the sha256 of every file, the specification, the scales, the data's hash and the evaluation. `manifest.sig`
is an Ed25519 signature of its bytes (RFC 8032), in hex, with the public key it was made with. Nothing is loaded before the
signature, the key and every file have been found to be right.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from moravec.core.errors import BadInput

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
FORMAT = 1
LARGEST = 4_000_000  # bytes of a manifest


@dataclass(frozen=True, slots=True)
class Package:
    """A folder whose signature and files are right."""

    folder: Path
    manifest: Mapping[str, Any]
    key: str  # the public key it was signed with, in hex

    def file(self, name: str) -> Path:
        """One of its files. Raises BadInput for a file that the manifest does not name."""
        if name not in self.manifest["files"]:
            raise BadInput(f"a file of the model {self.folder}", name, self.manifest["files"])
        return self.folder / name


def write_package(folder: Path, files: Iterable[str], facts: Mapping[str, Any], key: Ed25519PrivateKey) -> Package:
    """Signs what stands in `folder`. Raises BadInput where a file is missing."""
    manifest = {"format": FORMAT, "files": {name: hash_of(folder / name) for name in files}, **facts}
    text = (json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()
    public = key.public_key().public_bytes_raw().hex()
    (folder / MANIFEST).write_bytes(text)
    (folder / SIGNATURE).write_text(json.dumps({"key": public, "signature": key.sign(text).hex()}) + "\n")
    return Package(folder, manifest, public)


def open_package(folder: Path, trusted: Iterable[str]) -> Package:
    """Checks and opens. `trusted` are public keys in hex.

    Raises BadInput for what is missing, cut short, changed, unsigned, or signed by somebody else.
    """
    text = _read(folder / MANIFEST)
    key = _check_signature(folder, text, tuple(trusted))
    try:
        manifest = json.loads(text)
        named = {name: str(wanted) for name, wanted in dict(manifest["files"]).items()}
        version = manifest["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"the model {folder}, {MANIFEST}", repr(error), "what 'moravec export' wrote") from error
    if version != FORMAT:
        raise BadInput(f"the model {folder}, its format", version, str(FORMAT))
    for name, wanted in named.items():
        if Path(name).name != name:
            raise BadInput(f"the model {folder}, a file's name", name, "a name without a folder")
        found = hash_of(folder / name)
        if found != wanted:
            raise BadInput(f"the model {folder}, {name}: sha256", found[:16], f"{wanted[:16]}, as signed: the file was changed")
    return Package(folder, manifest, key)


def hash_of(path: Path) -> str:
    """sha256 in hex. Raises BadInput for a file that cannot be read."""
    digest = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise BadInput(f"the file {path}", error.strerror or repr(error), "a file that can be read") from error
    return digest.hexdigest()


def key_at(path: Path) -> Ed25519PrivateKey:
    """The private key in a file of 64 hex digits, made where there is none, readable by its owner alone. Raises BadInput."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(Ed25519PrivateKey.generate().private_bytes_raw().hex() + "\n")
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or "something else"  # never the key itself
        raise BadInput(f"the key {path}", found, "64 hex digits, an Ed25519 private key") from error


def _check_signature(folder: Path, text: bytes, trusted: tuple[str, ...]) -> str:
    raw = _read(folder / SIGNATURE)
    try:
        found = json.loads(raw)
        key, signature = str(found["key"]), bytes.fromhex(found["signature"])
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"the model {folder}, {SIGNATURE}", repr(error), "a signature that 'moravec export' wrote") from error
    if key not in trusted:
        raise BadInput(f"the model {folder}, signed with the key", key, "one that is trusted here: --trust KEY")
    try:
        public.verify(signature, text)
    except InvalidSignature as error:
        raise BadInput(f"the model {folder}, its signature", "one of another text", "that of its manifest as it is") from error
    return key


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(f"the model's file {path}", error.strerror or repr(error), "a signed model's folder") from error
    if len(text) > LARGEST:
        raise BadInput(f"the model's file {path}", "more than 4 MB", "a manifest")
    return text
