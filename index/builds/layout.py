"""Where things stand in a data folder and in a build's: every name once, for those who write and those who read.

DATA/models/DIGEST/            an exported encoder       DATA/models/vectors-DIGEST.rows  rows by text
DATA/sites/SITE/builds/ID/     a build                   DATA/sites/SITE/builds/current.json, withheld.json
"""

from __future__ import annotations

from pathlib import Path

MODELS_FOLDER = "models"
VECTORS_FILES = "vectors-*.rows"  # of every model, in the folder of models
SITES_FOLDER = "sites"
BUILDS_FOLDER = "builds"

# A site's builds: beside them, which of them were published and when.
CURRENT = "current.json"
WITHHELD = "withheld.json"  # passages that may not be quoted for now

# A build: what it was made of, what answers, and how that was chosen.
MANIFEST = "manifest.json"
PAGES = "pages.json"
PHRASINGS = "phrasings.json"
SITE = "site.json"
POLICY = "policy"  # a folder, copied whole
UNITS = "units.json"
UNIT_STORE = "units.faiss"
OUTSIDE_STORE = "outside.faiss"
GATE = "gate.npz"
TAUGHT = "taught.json"  # names what the gate was taught, so that another build may take it over
SCALE = "scale.json"
ASKS = "asks.json"
ASK_VECTORS = "asks.npy"

# An exported encoder: its description, and the files whose digests stand there.
ENCODER = "encoder.json"
ONNX = "model.onnx"
CROSS = "cross.onnx"  # where the model has cross layers
TOKENIZER = "tokenizer.json"


def models_folder(data_dir: Path) -> Path:
    """Where encoders and vectors are kept between builds."""
    return data_dir / MODELS_FOLDER


def encoder_folder(models: Path, digest: str) -> Path:
    """Where the export of the model with this digest is kept."""
    return models / digest[:16]


def vectors_file(models: Path, digest: str) -> Path:
    """Where the vectors of the model with this digest are kept, by text."""
    return models / f"vectors-{digest[:16]}.rows"


def builds_folder(data_dir: Path, site: str) -> Path:
    """Where the builds of a site are kept."""
    return data_dir / SITES_FOLDER / site / BUILDS_FOLDER


def pointers(data_dir: Path) -> list[Path]:
    """The pointers to the current build of every site that has one."""
    return list(data_dir.glob(f"{SITES_FOLDER}/*/{BUILDS_FOLDER}/{CURRENT}"))
