# `make` alone says what there is to make.

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-loaded test-browsers bench fleet oracle faults soak replay check vendor \
	site manifest lock screenshots

PACE ?= 1
HOST ?= 127.0.0.1

help:
	@echo "make demo      set up, then serve the page and two embedded servers (Ctrl-C ends)"
	@echo "               HOST=0.0.0.0 for the whole network, PACE=0 for full speed"
	@echo "make test      set up, then run all tests but the long ones"
	@echo "make test-all  set up, then run the long ones: other browsers, many tabs, the whole"
	@echo "               fault table, the source tree"
	@echo "make test-loaded  set up, then run what \`make test\` runs on a machine that is busy"
	@echo "make test-browsers  set up, then run the page in Firefox and WebKitGTK"
	@echo "make faults    set up, then print what the page makes of each fault, with seconds"
	@echo "make soak      set up, then simulate worlds with fresh seeds until stopped, or SECONDS=600"
	@echo "make fleet     set up, then simulate how tasks are spread over servers: a table and a plot"
	@echo "make oracle    set up, then compare the conversion of all official templates with the official"
	@echo "               frontend's own; ONLY=\"flux wan\" takes some"
	@echo "make replay    set up, then play FILE, what a flight recorder saved, in the simulator"
	@echo "make check     style and types only: ruff, mypy"
	@echo "make vendor    fetch and build what the page needs; then any web server can serve it,"
	@echo "               e.g. python3 -m http.server"
	@echo "make site      build dist/: the page as plain files for any web server, at any path"
	@echo "make bench     measure the page beside its peers, print and write bench/RESULTS.md;"
	@echo "               ROW=frames measures one part and only prints; ROW=boot BEFORE=FOLDER also"
	@echo "               measures a site that was built earlier"
	@echo "make screenshots  take the pictures of docs/pictures anew, or ONLY="lanes phone""
	@echo "make manifest  list the modules of app/ in pyscript.toml"
	@echo "make lock      renew requirements.txt and package-lock.json (needs uv)"

demo:
	@tools/dev/setup.sh python node
	@.venv/bin/python -m tools.dev.demo --host $(HOST) --pace $(PACE)

test test-loaded:
	@tools/dev/setup.sh python node browser proxies oracle
	@.venv/bin/python -m tools.dev.pyodide_site
	@node tools/site/vendor.mjs --full-stdlib var/pyodide-stdlib.zip
	@.venv/bin/python -m tools.dev.run_tests $(if $(filter test-loaded,$@),--loaded)

test-all:
	@tools/dev/setup.sh python node browser screen engines proxies oracle
	@.venv/bin/python -m tools.dev.run_tests --long

test-browsers:
	@tools/dev/setup.sh python node screen engines
	@.venv/bin/python -m tools.dev.run_tests --engines

faults:
	@tools/dev/setup.sh python node browser screen proxies
	@.venv/bin/python -m tools.dev.run_tests --faults

soak:
	@tools/dev/setup.sh python
	@.venv/bin/python -m tests.world.soak $(SECONDS)

fleet:
	@tools/dev/setup.sh python bench
	@.venv/bin/python -m bench.fleet

oracle:
	@tools/dev/setup.sh python node browser oracle
	@.venv/bin/python -m tools.oracle $(ONLY)

replay:
	@tools/dev/setup.sh python
	@.venv/bin/python -m tools.dev.replay "$(FILE)"

check:
	@tools/dev/setup.sh python
	@.venv/bin/python -m tools.dev.run_tests --check

vendor:
	@tools/dev/setup.sh node

site:
	@tools/dev/setup.sh node
	@node tools/site/build.mjs

bench:
	@tools/dev/setup.sh python node browser peers
	@.venv/bin/python -m bench $(ROW)

screenshots:
	@tools/dev/setup.sh python node browser
	@.venv/bin/python -m tools.dev.screenshots $(ONLY)

manifest:
	@tools/dev/setup.sh python
	@.venv/bin/python -m tools.site.manifest

lock:
	@command -v uv >/dev/null || { echo "uv is missing. Cure: pip install uv" >&2; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--upgrade tools/requirements.in --output-file requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--upgrade --constraints requirements.txt bench/requirements.in --output-file bench/requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		--upgrade tools/oracle/requirements.in --output-file tools/oracle/requirements.txt
	for part in compose exporter; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
			--upgrade --constraints requirements.txt deploy/$$part/requirements.in \
			--output-file deploy/$$part/requirements.txt || exit 1; done
	npm install --package-lock-only
