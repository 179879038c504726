"""A shipped model: nothing is opened that is unsigned, changed, cut short, or signed by somebody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moravec.core.errors import BadInput
from moravec.models.package import LARGEST, MANIFEST, SIGNATURE, hash_of, key_at, open_package, write_package
from moravec.models.suite import SHIPPED, TRUSTED, shipped_folder

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw().hex()
WEIGHTS = bytes(range(256)) * 8


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "weights.bin").write_bytes(WEIGHTS)
    (tmp_path / "second.bin").write_bytes(b"")
    write_package(tmp_path, ["weights.bin", "second.bin"], {"kind": "toy"}, KEY)
    return tmp_path


def signed(folder: Path, manifest: object) -> None:
    """Signs anything, rightly."""
    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    (folder / MANIFEST).write_bytes(text)
    (folder / SIGNATURE).write_text(json.dumps({"key": PUBLIC, "signature": KEY.sign(text).hex()}))


def refusal(folder: Path, *trusted: str) -> str:
    with pytest.raises(BadInput) as error:
        open_package(folder, trusted or (PUBLIC,))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_was_written_opens(package: Path) -> None:
    found = open_package(package, ["00" * 32, PUBLIC])
    assert found.key == PUBLIC and found.manifest["kind"] == "toy"
    assert found.file("weights.bin").read_bytes() == WEIGHTS
    with pytest.raises(BadInput, match=r"did you mean 'weights\.bin'"):
        found.file("weights.bim")


def test_the_signature_is_golden(tmp_path: Path) -> None:
    """RFC 8032 has no randomness: the same folder and key give the same signature for ever."""
    write_package(tmp_path, [], {}, KEY)
    assert (tmp_path / MANIFEST).read_text() == '{\n "files": {},\n "format": 1\n}\n'
    assert PUBLIC == "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
    assert json.loads((tmp_path / SIGNATURE).read_text())["signature"].startswith("4061416f41eb72af8bb46f6f605e8071")


def test_somebody_elses_key_is_not_trusted(package: Path) -> None:
    assert f"signed with the key: found '{PUBLIC}'; allowed: one that is trusted here: --trust KEY" in refusal(package, "ab" * 32)
    with pytest.raises(BadInput, match="trusted"):
        open_package(package, ())
    write_package(package, ["weights.bin"], {}, OTHER)
    assert "trusted" in refusal(package)


def test_a_key_cannot_be_claimed(package: Path) -> None:
    """A manifest signed by another, under the trusted key's name."""
    text = (package / MANIFEST).read_bytes()
    (package / SIGNATURE).write_text(json.dumps({"key": PUBLIC, "signature": OTHER.sign(text).hex()}))
    assert "its signature: found 'one of another text'" in refusal(package)


@pytest.mark.parametrize("name", ["weights.bin", MANIFEST])
@pytest.mark.parametrize("at", [0, 17, -2])
def test_one_flipped_bit_is_found(package: Path, name: str, at: int) -> None:
    raw = bytearray((package / name).read_bytes())
    raw[at] ^= 1
    (package / name).write_bytes(raw)
    told = refusal(package)
    assert "sha256" in told if name == "weights.bin" else "its signature" in told


@pytest.mark.parametrize("name", ["weights.bin", MANIFEST, SIGNATURE])
@pytest.mark.parametrize("left", [0, 1, 40, -1])
def test_a_file_cut_short_is_found(package: Path, name: str, left: int) -> None:
    raw = (package / name).read_bytes().rstrip(b"\n")  # without its last line's end JSON is whole
    (package / name).write_bytes(raw[:left])
    assert str(package) in refusal(package)


@pytest.mark.parametrize("name", ["weights.bin", "second.bin", MANIFEST, SIGNATURE])
def test_a_missing_file_is_named(package: Path, name: str) -> None:
    (package / name).unlink()
    told = refusal(package)
    assert name in told and "No such file" in told


@pytest.mark.parametrize("name", ["../weights.bin", "sub/weights.bin", "..", ".", ""])
def test_a_name_never_leads_out_of_the_folder(package: Path, name: str) -> None:
    signed(package, {"format": 1, "files": {name: hash_of(package / "weights.bin")}})
    refusal(package)


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (b"", "what 'moravec export' wrote"),
        (b"\xff\xfe", "what 'moravec export' wrote"),
        ([], "what 'moravec export' wrote"),
        ({"format": 1}, "KeyError('files')"),
        ({"files": {}}, "KeyError('format')"),
        ({"format": 2, "files": {}}, "its format: found 2; allowed: 1"),
        ({"format": 1, "files": 3}, "what 'moravec export' wrote"),
        ({"format": 1, "files": {"weights.bin": 3}}, "sha256"),
        (b" " * (LARGEST + 1), "more than 4 MB"),
    ],
)
def test_a_signed_manifest_that_is_none_is_refused(package: Path, manifest: object, told: str) -> None:
    signed(package, manifest)
    assert told in refusal(package)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"key": "zz", "signature": "00"}', '{"key": 1, "signature": 2}', "[" * 100_000]
)
def test_a_signature_that_is_none_is_refused(package: Path, text: str) -> None:
    (package / SIGNATURE).write_text(text)
    assert "a signature that 'moravec export' wrote" in refusal(package)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    assert "Not a directory" in refusal(tmp_path / "file")


def test_what_is_missing_is_not_signed(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        write_package(tmp_path, ["weights.bin"], {}, KEY)
    assert not list(tmp_path.iterdir())


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "signing.key"
    made = key_at(path).private_bytes_raw()
    assert key_at(path).private_bytes_raw() == made
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "abc", "00" * 31, "zz" * 32])
def test_a_key_that_is_none_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "signing.key"
    path.write_text(text)
    with pytest.raises(BadInput, match="64 hex digits") as error:
        key_at(path)
    assert not text or text not in str(error.value)


def test_a_key_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "signing.key", tmp_path):
        with pytest.raises(BadInput, match="64 hex digits"):
            key_at(path)


def test_a_shipped_model_is_whole_and_signed_by_the_project() -> None:
    """A version without its weights says so."""
    for name in SHIPPED:
        try:
            found = open_package(shipped_folder(name), TRUSTED).manifest["kind"]
        except BadInput as error:
            found = str(error)
        assert found == name or "no weights in this version" in found


def test_a_model_that_is_not_shipped_is_unknown() -> None:
    with pytest.raises(BadInput, match="did you mean 'manip'"):
        shipped_folder("mnaip")
