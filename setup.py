"""What pyproject.toml cannot say: a wheel carries the models, the records and the page's entry of the checkout.

They are copied into the package as charlstm/_shipped when it is built (charlstm/paths.py reads them there), so that the
repository keeps each of them in one place.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
SHIPPED = (
    "app.py",
    ".streamlit/config.toml",
    "checkpoints/*/model.json",
    "checkpoints/*/model.safetensors",
    "checkpoints/*/directory.json",
    "checkpoints/*/epochs/*.safetensors",
    "data/results/*.json",
)


class BuildWithModels(build_py):
    """Copy the package's modules, then what it ships."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # the checkout itself is read
            return
        for pattern in SHIPPED:
            for source in sorted(ROOT.glob(pattern)):
                target = Path(self.build_lib, "charlstm", "_shipped", source.relative_to(ROOT))
                self.mkpath(str(target.parent))
                self.copy_file(str(source), str(target))


setup(cmdclass={"build_py": BuildWithModels})
