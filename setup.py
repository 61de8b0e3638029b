"""Distribution `siamsa`: the package `tracker`, the command `siamsa`, and the data folders that they read."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent

# Folders beside the package that travel inside it, so that an installed copy finds them without the repository.
DATA = {
    "experiments": ["*.yaml", "*/*.yaml"],
    "pretrained": ["*.pth", "*.yaml", "*.md"],
    "benchmarks": ["*.yaml"],
}
PRESENT = {f"tracker.{name}": (name, globs) for name, globs in DATA.items() if (HERE / name).is_dir()}


class BuildPy(build_py):
    """Leaves the scripts that lie in the data folders (such as benchmarks/otb.py) out of the package."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        return [] if package in PRESENT else super().find_package_modules(package, package_dir)


def version() -> str:
    """`__version__` of the package, read without importing it."""
    found = re.search(r'^__version__ = "([^"]+)"', (HERE / "tracker/__init__.py").read_text("utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit('tracker/__init__.py: no line such as __version__ = "0.1.0"')
    return found[1]


setup(
    name="siamsa",
    version=version(),
    description="Visual object tracking: a Siamese network with self-attention and pixel-wise matching",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    author="The siamsa authors",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    packages=[*find_packages(include=["tracker", "tracker.*"]), *PRESENT],
    package_dir={package: folder for package, (folder, _) in PRESENT.items()},
    package_data={
        "tracker.evaluation.report": ["page.*"],  # templates of pages, their styles and scripts
        "tracker.live.batch": ["page.*"],
        "tracker.live.web": ["page/*"],
        "tracker.pages": ["*.css", "*.js"],
        **{package: globs for package, (_, globs) in PRESENT.items()},
    },
    include_package_data=False,
    zip_safe=False,
    cmdclass={"build_py": BuildPy},
    entry_points={"console_scripts": ["siamsa = tracker.cli.main:entry"]},
    install_requires=["torch>=2.4", "opencv-python>=4.8", "numpy>=1.26", "pyyaml>=6.0", "tqdm>=4.64"],
    extras_require={
        "eval": ["got10k>=0.1.3", "vot-toolkit>=0.9", "vot-trax>=4", "attributee<0.1.10", "matplotlib>=3.7"],
        "train": ["tensorboard>=2.14"],
        "tune": ["optuna>=4.3"],
        "web": ["starlette>=0.37", "uvicorn>=0.29", "websockets>=12"],
        "screen": ["mss>=9"],
        "export": ["onnx>=1.16", "onnxruntime>=1.18"],
        "dev": [
            "ruff>=0.8",
            "mypy>=1.11",
            "pytest>=8",
            "pytest-xdist>=3.7",
            "hypothesis>=6.100",
            "matplotlib>=3.7",
            "mss>=9",
            "playwright>=1.45",
            "setuptools>=70.1",
            "types-PyYAML",
            "types-tqdm",
        ],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
)
