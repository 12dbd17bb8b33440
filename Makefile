# README.md explains both commands, also for Windows without make.
PYTHON ?= python3
BIN := .venv/bin
INSTALL = $(if $(shell command -v uv),uv pip install --python $(BIN)/python --compile-bytecode,$(BIN)/pip install)
export KEDRO_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1

.PHONY: run test lint lock

run: .venv/run
	@$(BIN)/python -m sumida_data.sample || test $$? -eq 2
