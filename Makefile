# Two commands for a fresh clone: `make demo` and `make test`.
#
#   make demo TORCH=pypi         PyTorch as PyPI has it: on Linux with CUDA, 5.6 GB installed
#   make demo PYTHON=python3.12  another Python
#   make coverage                the tests once more, and the lines that they never run
VENV := .venv
BIN := $(VENV)/bin
RUN := runs/demo

# The first that is new enough.
OLD := 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c $(OLD) 2>/dev/null && echo $$python && break; done)

STAMP := $(VENV)/.python-$(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)

# PyTorch is pinned in constraints.txt like everything else; only where it comes from differs.
TORCH := cpu
TORCH_VERSION := $(shell sed -n 's/^torch==//p' constraints.txt)
CPU_INDEX := https://download.pytorch.org/whl/cpu
# Its builds for Linux and Windows are called 2.13.0+cpu; for macOS there is one build only.
TORCH_BUILD := $(TORCH_VERSION)$(if $(filter Darwin,$(shell uname -s)),,+cpu)

KERNELS := table look-up dots batch-sums batch-squares batch-norm relu

PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile --no-warn-conflicts
PYTEST := $(BIN)/pytest -n auto --maxprocesses 8 --dist worksteal
MAKEFLAGS += --jobs=2 # PyTorch and all else are installed, types and tests checked side by side

.PHONY: demo test lint types tests coverage setup setup-dev format clean lock

demo: setup
	$(BIN)/hornbook train names --out $(RUN) --overwrite
	$(BIN)/hornbook sample $(RUN) -n 20 --only-new
	@echo; echo "Before you type more:  . $(BIN)/activate"

# What takes seconds comes first. mypy uses one processor for a minute, so the tests run beside it.
test: types tests

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: lint
	$(BIN)/mypy

tests: lint
	$(PYTEST)

# By itself: to count the lines takes three quarters as long again as the tests.
coverage: setup-dev
	$(PYTEST) --cov

setup: $(VENV)/.installed

setup-dev: $(VENV)/.installed-dev

# Each stamp is made when its step is done: what is interrupted is begun again, and what was made
# with another Python is made anew.
$(STAMP):
	@$(or $(PYTHON),false) -c $(OLD) \
	  || { echo "hornbook needs Python 3.11 or later; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/.torch: constraints.txt $(STAMP)
ifeq ($(TORCH),cpu)
	@echo "Installing PyTorch $(TORCH_BUILD), the build for the CPU (190 MB to fetch) ..."
	@$(PIP) --no-deps torch==$(TORCH_BUILD) 2>/dev/null \
	  || $(PIP) --no-deps --index-url $(CPU_INDEX) torch==$(TORCH_BUILD) \
	  || { echo; echo "PyTorch's index of CPU builds, $(CPU_INDEX), gave none."; \
	       echo "To take the build on PyPI instead (on Linux with CUDA, 5.6 GB installed):"; \
	       echo "  make $(MAKECMDGOALS) TORCH=pypi"; exit 1; }
else
	@echo "Installing PyTorch $(TORCH_VERSION) from PyPI ..."
	@$(PIP) -c constraints.txt torch==$(TORCH_VERSION)
endif
	@touch $@

# Building with the pinned hatchling keeps pip from fetching a newer one into an isolated environment.
$(VENV)/.needed: pyproject.toml constraints.txt $(STAMP)
	@echo "Installing hornbook and what it needs ..."
	@$(PIP) -c constraints.txt hatchling editables
	@$(PIP) -c constraints.txt --no-build-isolation -e .
	@touch $@

# Compiled while PyTorch is fetched: what the net of `make demo` is made of.
$(VENV)/.kernels: $(VENV)/.needed $(wildcard hornbook/kernels/*.py)
	@$(PIP) -c constraints.txt --no-build-isolation -e '.[fast]'
	@$(BIN)/python -m hornbook.kernels $(KERNELS)
	@touch $@

$(VENV)/.installed: $(VENV)/.torch $(VENV)/.kernels
	@$(PIP) -c constraints.txt --no-build-isolation -e '.[fast,nets]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.torch $(VENV)/.kernels
	@echo "Installing what the check needs ..."
	@$(PIP) -c constraints.txt --no-build-isolation -e '.[cities,dev,fast,interchange,nets,pinyin,postgresql,sweep,tables,tokens]'
	@touch $@

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pin what is installed now, after a deliberate upgrade.
lock: setup-dev
	$(BIN)/python -m pip freeze --all --exclude-editable | grep -v '^pip==' | sed 's/+cpu//' > constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
