# demo: the main job on a fresh machine.  test: everything that must hold.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check bench clean

$(VENV)/demo.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/test.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[kafka,postgres,dev]'
	touch $@ $(VENV)/demo.done

demo: $(VENV)/demo.done
	$(BIN)/hub demo

test: $(VENV)/test.done
	$(BIN)/pytest

check: $(VENV)/test.done
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: $(VENV)/demo.done
	$(BIN)/hub bench --records 100000

clean:
	rm -rf $(VENV) demo hub-data .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
