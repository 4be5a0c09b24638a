# Everyday commands. Each sets up what it needs: a bare machine with Python 3.11+ and make is enough.
# Extra arguments for pip, for instance PyTorch's CPU build on Linux (see README.md):
#   make book PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
PIP_ARGS ?=
BIN := .venv/bin
NB ?=
AREAS ?=
JOBS ?= 2
NOTEBOOKS := $(shell find notebooks -name '*.ipynb' -not -path 'notebooks/assignments/*' -not -path '*/.ipynb_checkpoints/*' | sort | sed "s/.*/'&'/")

# One thread a process, two processes: two threads that wait for each other on a busy
# machine are several times slower, and one thread gives the same rounding everywhere.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PYTHONHASHSEED := 0
export SOURCE_DATE_EPOCH := 0
export TQDM_DISABLE := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1

STAMP := .venv/.installed

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another one with PYTHON=...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; echo "python -m venv failed: on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) -r requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: help env setup book serve lab run check lint unit notebooks pages browser mutants test clean
help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

env: $(STAMP) ## install the environment into .venv

setup: $(STAMP) ## for contributors: readable diffs of notebooks (a git setting of this clone)
	git config diff.ipynb.textconv "$$($(BIN)/python -c 'import os, shlex; \
	print(shlex.join(map(os.path.abspath, ("$(BIN)/python", "tools/nbtext.py"))))')"

pages: $(STAMP)
	$(BIN)/jupyter-book build . --all -n -W --keep-going --quiet

book: pages ## build the book from the stored notebooks
	@echo "The book is ready: open file://$$PWD/_build/html/index.html (or run: make serve)"

serve: book ## build the book and serve it on http://localhost:8000
	$(BIN)/python -m http.server --directory _build/html --bind 127.0.0.1 8000

lab: $(STAMP) ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab notebooks

run: $(STAMP) ## NB=notebooks/.../x.ipynb: execute a notebook and store its outputs
	$(BIN)/python tools/execute_notebooks.py "$(or $(NB),$(error name the notebook: make run NB=notebooks/foundations/cross_correlation.ipynb))"

# D2LCNN_STORED: outputs as they are stored, without the explorer's script (a live notebook has it); and the book's
# solutions are no progress of the reader's
NBVAL := D2LCNN_STORED=1 D2LCNN_PROGRESS=off $(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout 300 \
	--nbval-sanitize-with tools/sanitize.cfg -W default -q -p no:cacheprovider

check: $(STAMP) ## NB=...: run a notebook again and compare every stored output
	$(BIN)/python tools/execute_notebooks.py --check "$(or $(NB),$(error name the notebook: make check NB=...))"
	$(NBVAL) "$(NB)"

lint: $(STAMP) ## style of the code
	$(BIN)/ruff check .

unit: $(STAMP) ## fast tests, under a minute
	$(BIN)/python -m pytest -q -n $(JOBS) -m "not slow and not browser"

notebooks: $(STAMP) ## run all notebooks again and compare every stored output
	$(BIN)/python tools/execute_notebooks.py --check $(NOTEBOOKS)
	$(NBVAL) -n $(JOBS) --dist loadfile $(NOTEBOOKS)

browser: pages ## the built book in a real browser
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal tests -m browser

mutants: $(STAMP) ## change the code in hundreds of places, one at a time: do its tests notice? An hour; not in CI
	nice -n 10 $(BIN)/python tools/mutants.py $(AREAS)

test: lint ## everything that CI checks: style, tests, notebooks, book, browser
	$(BIN)/python -m pytest -q -n $(JOBS) -m "not browser"
	$(MAKE) notebooks
	$(MAKE) browser
	@echo "all checks passed"

clean: ## remove what was built (the environment stays)
	rm -rf _build site conf.py dist
