# On a machine with Python 3.11+ and make: `make demo` runs the main job, `make test` the tests.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
WORKERS ?= 2

.PHONY: demo test readme slow check format figures clean lock
.DELETE_ON_ERROR:

demo: $(READY)  ## Plan and drive the first traverse; results in demo/
	@rm -rf demo
	@$(BIN)/farside run first-drive --out demo

test: $(READY)  ## All tests but those of README and the slow ones
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not slow and not readme"

readme: $(READY)  ## Every command and example that README and docs show
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m "readme and not slow"

slow: $(READY)  ## The long proofs
	@$(BIN)/python -m pytest -q -m slow

check: $(READY)  ## Lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY)  ## Put the code in form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

figures: $(READY)  ## The pictures of README and docs, made anew
	@$(BIN)/python docs/make_figures.py
	@$(BIN)/python docs/make_pictures.py

lock: $(READY)  ## Pin what is installed now
	@$(BIN)/python -m pip freeze --exclude-editable | grep -v '^farside' > constraints.txt

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt "pip>=25.1"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e . --group dev
	@touch $@

clean:
	rm -rf $(VENV) demo dist
