"""A PEP 517 backend for pure Python packages: makes one wheel, the same bytes each time.

Why not setuptools: the example needs nothing from an index, and its whole build can be read here.
"""

import base64
import hashlib
import pathlib
import zipfile

NAME, VERSION = "logfold", "1.0.0"
INFO = f"{NAME}-{VERSION}.dist-info"
WHEEL = "Wheel-Version: 1.0\nGenerator: tiny_wheel 1.0.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
METADATA = (
    f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n"
    "Summary: Folds lines of a log that differ only in numbers\nRequires-Python: >=3.9\n"
)
ENTRY_POINTS = "[console_scripts]\nlogfold = logfold.cli:main\n"
THE_SAME_DAY = (2026, 1, 1, 0, 0, 0)


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    """Called by pip before the build, to learn name and version."""
    target = pathlib.Path(metadata_directory) / INFO
    target.mkdir()
    for name, text in _info_files().items():
        (target / name).write_text(text, encoding="utf-8")
    return INFO


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes NAME-VERSION-py3-none-any.whl and returns its name."""
    files = {f"{NAME}/{path.name}": path.read_bytes() for path in sorted(pathlib.Path("src", NAME).glob("*.py"))}
    files |= {f"{INFO}/{name}": text.encode() for name, text in _info_files().items()}
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{INFO}/RECORD"] = f"{record}{INFO}/RECORD,,\n".encode()
    wheel = f"{NAME}-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, THE_SAME_DAY)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return wheel


def _info_files():
    return {"METADATA": METADATA, "WHEEL": WHEEL, "entry_points.txt": ENTRY_POINTS}


def _digest(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
