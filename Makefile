# Each target makes .venv first where it is missing, and again after a change of pyproject.toml.
ITEMS ?= 6
SEED ?= 0
OUT ?= runs/demo
VENV ?= .venv
INSTRUCTION ?= Unpack the delivery, classify the items, organise and store them
BIN := $(VENV)/bin
BASE := $(VENV)/installed-base
DEV := $(VENV)/installed-dev

.PHONY: demo test check bench safety clean

demo: $(BASE)  ## a delivery is unpacked, sorted and stored; then every decision is replayed
	@echo 'moravec run "$(INSTRUCTION)" --items $(ITEMS) --seed $(SEED) --out $(OUT)'
	@$(BIN)/moravec run "$(INSTRUCTION)" --items $(ITEMS) --seed $(SEED) --out $(OUT); done=$$?; \
	test $$done -lt 2 || exit $$done; \
	echo 'moravec replay $(OUT)/tape.mcap'; \
	$(BIN)/moravec replay $(OUT)/tape.mcap || exit 1; \
	echo 'The report, for any browser: $(abspath $(OUT))/report.html'; \
	exit $$done

# A real-time process that the machine left standing for seconds is begun anew: that says nothing of what is tested.
STARVED := --reruns 3 --only-rerun "found no tick" --only-rerun "a client said nothing"

test: $(DEV)  ## every test; warnings are errors
	$(BIN)/python -m pytest -n 2 --dist loadfile $(STARVED)

check: $(DEV)  ## style, and strict types where they guard somebody
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(BASE)  ## how long a verdict, a control tick and a plan take here
	$(BIN)/moravec bench guard
	$(BIN)/moravec bench loop
	$(BIN)/moravec bench plan

safety: $(DEV)  ## the long form of every safety test: hours, and it goes on where it was broken off
	$(BIN)/python scripts/safety/run.py --out runs/safety

clean:
	rm -rf $(VENV) runs build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(BASE): pyproject.toml scripts/setup.sh
	@scripts/setup.sh $(VENV) .
	@touch $@

$(DEV): pyproject.toml scripts/setup.sh
	@scripts/setup.sh $(VENV) ".[dev]"
	@touch $(BASE) $@
