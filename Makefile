# make report   report.pdf and report.html, from stored results
# make submission   what is handed in: checked, a zip file and a PDF
# make test     the whole test suite
# make faults   faults by the thousand, and a table of what survived
# make bench    the benchmarks, side by side
# make mutants  how good the evidence of `digits confirm` is: an hour
# make lock     renew the lock files from pyproject.toml
# PYTHON names the Python to begin with (3.11 to 3.13).

ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := .venv/Scripts
else
PYTHON ?= python3
BIN := .venv/bin
endif
READY := .venv/ready

.PHONY: report submission test faults bench mutants lock clean

# With Quarto and a fresh freeze, nothing has to be installed for it.
report:
	@if [ ! -e $(READY) ] && command -v quarto > /dev/null \
		&& ! REFREEZE=dry-run quarto run _extensions/refreeze/refreeze.ts \
			| grep "is to be executed" \
		&& quarto render; \
	then echo "Made by Quarto from the freeze; nothing was installed."; \
	else $(MAKE) --no-print-directory $(READY) && $(BIN)/digits render; fi

submission: $(READY)
	$(BIN)/digits submit

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

faults: $(READY)
	$(BIN)/python -m pytest tests/faults tests/larder tests/digits \
		tests/report -m "long or not long"

bench: $(READY)
	$(BIN)/python benchmarks/train.py
	$(BIN)/python benchmarks/render.py
	$(BIN)/python benchmarks/refreeze.py
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/page.py
	$(BIN)/python benchmarks/pictures.py

mutants: $(READY)
	$(BIN)/python benchmarks/confirm.py

# Exactly the versions in the lock, verified by their hashes. With uv, where it
# is at hand, this takes seconds.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) \
		and 'Python 3.11 to 3.13 is needed: make PYTHON=python3.12, say')"
	@echo "Installing into .venv; this takes a minute or two, once."
	@$(PYTHON) -m venv .venv
	@if command -v uv > /dev/null; then \
		install="uv pip install --compile-bytecode --python $(BIN)/python"; \
	else \
		install="$(BIN)/python -m pip install"; \
	fi; \
	$$install --quiet --require-hashes -r requirements.lock && \
	$$install --quiet --no-deps --no-build-isolation -e .
	@touch $@

lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml \
		--extra plain --extra test --extra dask --extra dev --universal \
		--python-version 3.11 --generate-hashes --no-header --quiet \
		--upgrade --output-file requirements.lock
	echo quarto-cli | $(BIN)/uv pip compile - --no-deps --universal \
		--python-version 3.11 --generate-hashes --no-header --quiet \
		--upgrade --output-file requirements-quarto.lock

clean:
	rm -rf .venv .quarto report.html report.pdf report_files submission
