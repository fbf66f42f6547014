.DEFAULT_GOAL := help
.PHONY: help setup demo test lint golden fuzz documentation clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing: Debian packages, ONNX Runtime
	@Scripts/setup

demo: setup ## Explain a photograph of a cat, from nothing
	@Scripts/demo

# Lint comes first because it takes seconds; the last lines are the test run's summary. Without testable imports, the
# tests take what the first line built.
test: setup lint ## Check the code's form and run every test
	swift build --configuration release
	swift test --configuration release --disable-xctest --disable-testable-imports

lint: ## Check format, imports and where unsafe code stands
	@Scripts/lint

golden: setup ## Make the expected values of the tests again, with PyTorch and others
	@Scripts/make-golden

fuzz: setup ## Try damaged files on every command, for MINUTES=10 from SEED=0
	swift build --configuration release --product gaze
	Scripts/fuzz --minutes $(or $(MINUTES),10) --seed $(or $(SEED),0) --output .fuzzing/findings

documentation: setup ## Write the methods' and metrics' pages again
	swift build --configuration release --product gaze
	.build/release/gaze methods --pages Documentation/Methods
	.build/release/gaze metrics --pages Documentation/Metrics

clean: ## Remove everything that was built or fetched
	rm -rf .build .demo .engine .fuzzing .peers

# One after the other, also with -j.
.NOTPARALLEL:
