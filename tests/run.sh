#!/usr/bin/env bash
# Installs the project with what its tests need into a virtual environment of its own, then checks everything:
# style (ruff), types (mypy), behaviour (pytest). Arguments go to pytest: bash tests/run.sh -k box
# PYTHON names the interpreter (default python3), VENV the folder (default .venv-test).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=${PYTHON:-python3}
venv=${VENV:-.venv-test}

found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $found in
    3.10 | 3.11 | 3.12 | 3.13) ;;
    *) echo "tests/run.sh: Python 3.10 to 3.13 is needed, $python is $found (name another: PYTHON=python3.11)" >&2; exit 2 ;;
esac

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
if ! "$venv/bin/python" -m pip install --quiet -c constraints.txt -e '.[dev,eval,train,tune,web]'; then
    torch=$(grep '^torch==' constraints.txt)
    echo "tests/run.sh: pip could not install the versions of constraints.txt for Python $found (see above);" \
        "if it names torch, there is no $torch for this Python and machine: name another Python with PYTHON=..." >&2
    exit 1
fi

step() { echo "== $*"; "$venv/bin/python" -m "$@"; }
step ruff check .
step ruff format --check .
step mypy
# A process for each core, with one thread; whole files, whose tests share servers and browsers.
export OMP_NUM_THREADS=1
step pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder "$@"
