# SparsePixels Lab. Every target sets up what it needs in .venv the first time; later runs start at once.
PROFILE ?= smoke
PYTHON ?= python3.13 python3.12 python3.11 python3 python
BIN := .venv/bin
READY := .venv/.ready

help:        ## this list
	@sed -n 's/^\([a-z]*\):.*##/make \1\t/p' Makefile

reproduce: compiler $(READY)  ## run every notebook, print one table of results (PROFILE=full: the whole training)
	$(BIN)/python notebooks/run_all.py --profile $(PROFILE)

test: compiler $(READY)  ## the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

QUICK := docs levels scores features baselines score_plots published_networks results page_plots pages headline exact layers options fixed_point models data coordinate_lists occupancy training_inputs reports published plots \
  pixel_plots event_plots hardware_plots timing_plots trigger readouts microboone_chain lartpc mnist_script notebooks
quick: lint  ## lint, and the tests that compile nothing: about two minutes
	$(BIN)/python -m pytest -q -n 2 -k "not together" $(QUICK:%=tests/test_%.py)

verify: compiler $(READY)  ## Keras = C++ = RTL on 10,000 events a network, one line each (three hours)
	$(BIN)/python hls/verify.py
	SPARSEPIXELS_RANDOM_NETWORKS=60 $(BIN)/python -m pytest tests/test_rtl_sparse.py tests/test_converter.py \
	  -k random_small_networks
	SPARSEPIXELS_RANDOM_NETWORKS=300 $(BIN)/python -m pytest -n 2 --dist load tests/test_random_networks.py

claims: compiler $(READY)  ## check every claim of README, notebooks and docs that takes a minute or less
	$(BIN)/python docs/claims.py

tables: compiler $(READY)  ## the tables of cycles and LUTs that the notebooks show, again where sources have changed
	$(BIN)/python notebooks/tables.py

lab: compiler $(READY)  ## JupyterLab on notebooks/
	$(BIN)/jupyter lab notebooks/

lint: $(READY)  ## style, types, who imports whom, and that notebooks are committed without outputs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb notebooks/solutions/*.ipynb

bench: compiler $(READY)  ## the benchmarks
	@for script in benchmarks/*.py; do echo "$$script"; $(BIN)/python $$script || exit 1; done

lock: $(READY)  ## resolve requirements.lock again, after a change in pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --extra data --extra notebooks --extra rtl --extra dev pyproject.toml -o requirements.lock

clean:       ## remove what was compiled and what tests and linters keep; no data, no results
	rm -rf build/cache .pytest_cache .ruff_cache .hypothesis .mypy_cache .import_linter_cache

compiler:
	@command -v g++ >/dev/null || { echo "g++ is missing: install it (Debian and Ubuntu: apt-get install g++) \
	and run make again." >&2; exit 1; }

# The stamp is written last: a set-up that was interrupted is done again.
$(READY): pyproject.toml requirements.lock
	@set -eu; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  python= found=; \
	  for p in $(PYTHON); do \
	    v=$$($$p -c 'import sys; print("%d.%d" % sys.version_info[:2]); import venv, ensurepip' 2>/dev/null) \
	      && complete=yes || complete=no; \
	    case "$$v $$complete" in \
	      "3.11 yes"|"3.12 yes"|"3.13 yes") python=$$p; break;; \
	      "3.11 no"|"3.12 no"|"3.13 no") found="$$found, $$p is $$v without its venv module";; \
	      " no") ;; \
	      *) found="$$found, $$p is $$v";; \
	    esac; \
	  done; \
	  [ -n "$$python" ] || { echo "No usable Python: 3.11, 3.12 or 3.13 with its venv module is needed \
	(Debian and Ubuntu: apt-get install python3-venv; or name one: make PYTHON=...)$${found:+. Found: $${found#, }}" >&2; \
	    exit 1; }; \
	  echo "Setting up .venv with $$python, once: about a minute, longer on a slow line."; \
	  $$python -m venv --clear .venv; \
	fi; \
	uv=$$(command -v uv) || { uv=$(BIN)/uv; \
	  sed -n '/^uv==/,/# via/p' requirements.lock | \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r /dev/stdin; }; \
	$$uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
	$$uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	touch $@

.PHONY: help reproduce test quick verify tables lab lint bench lock clean compiler
