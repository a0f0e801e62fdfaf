# Everything on a fresh machine with Python 3.11, pip and make. `make` alone lists the targets.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
INSTALLED := $(VENV)/.installed
ARGS ?=
# One more than two cores have work for: some tests wait for processes that they started.
WORKERS ?= 3
PIP := $(PYTHON) -m pip --quiet --disable-pip-version-check
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes
# What a server is told; the checks of `make lint` are about these settings, not about one machine's.
PRODUCTION := SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(50))') DATABASE_URL=postgresql://studio@127.0.0.1/studio \
	REDIS_URL=redis://127.0.0.1/0 ALLOWED_HOSTS=studio.example HTTPS=1 DEMO= DEBUG= \
	OIDC_ISSUER=https://id.studio.example OIDC_CLIENT_ID=studio OIDC_CLIENT_SECRET=secret BREAK_GLASS= \
	AUDIT_KEY_FILE=/var/lib/audit/key.pem AUDIT_ANCHOR_FILE=/var/lib/audit/anchors.jsonl

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'

.PHONY: install
install: $(INSTALLED) ## Make .venv with exactly what requirements.lock names

# uv installs in seconds; where it cannot work, pip installs the same files by the same hashes.
$(INSTALLED): requirements.lock requirements-uv.lock
	@echo "Installing into $(VENV) …"
	@python=$$(command -v python3.11 || command -v python3) && \
		"$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Prompt Studio needs Python 3.11, 3.12 or 3.13." >&2; exit 1; }; \
		$(PYTHON) -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear $(VENV)
	@$(PIP) install --require-hashes -r requirements-uv.lock && \
		$(BIN)/uv pip install --quiet --python $(PYTHON) --require-hashes -r requirements.lock || \
		$(PIP) install --require-hashes -r requirements.lock
	@touch $@

.PHONY: run
run: $(INSTALLED) ## Run everything on this machine; Ctrl-C stops it (PORT, STUDIO_HOME, LOCAL_AWS_PORT, AWS_ENDPOINT_URL)
	@exec $(PYTHON) manage.py up

.PHONY: test
test: $(INSTALLED) ## Run the tests on SQLite and a private Redis (ARGS="tests/prompts -k diff")
	@env -u DATABASE_URL $(PYTHON) -m tests.services redis -- $(PYTHON) -m pytest -n $(WORKERS) $(ARGS)

.PHONY: test-services
test-services: $(INSTALLED) ## Run the same tests on a private PostgreSQL and Redis
	@$(PYTHON) -m tests.services postgres redis -- $(PYTHON) -m pytest -n $(WORKERS) $(ARGS)

.PHONY: test-large
test-large: $(INSTALLED) ## Import 1,434 real prompts, publish 200 of them while people work, run axe on every page
	@env -u DATABASE_URL $(PYTHON) -m tests.services redis -- $(PYTHON) -m pytest -m large $(ARGS)

.PHONY: lint
lint: $(INSTALLED) ## Check style, layers, types, migrations and the settings of a server
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy promptstudio
	@$(PYTHON) manage.py makemigrations --check --dry-run
	@$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING

.PHONY: lock
lock: $(INSTALLED) ## Resolve pyproject.toml anew into the three lock files
	@$(COMPILE) --upgrade --extra local --group dev pyproject.toml -o requirements.lock
	@$(COMPILE) --upgrade pyproject.toml -o requirements-image.lock
	@echo uv | $(COMPILE) --upgrade --no-header --no-annotate - -o requirements-uv.lock

.PHONY: frontend
frontend: ## Build static/vendor/ from frontend/ (needs Node.js)
	@cd frontend && npm ci --silent && npm run --silent build

.PHONY: test-provider
test-provider: ## Install the certified identity provider that tests sign in with (needs Node.js)
	@cd tests/sign_in && npm ci --silent

.PHONY: clean
clean: ## Remove the environment and what tools left behind; the data in .studio stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles test-results
	@find . -name __pycache__ -not -path '*/node_modules/*' -prune -exec rm -rf {} +
