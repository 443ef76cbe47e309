# The two commands to know: `make run` and `make test`.
SHELL := /bin/bash
BUILD := swift build -c release --build-tests
.PHONY: test build proto

build:
	$(BUILD)

test: ; $(BUILD) && swift test -c release --skip-build

# Regenerates Shared/Wire/Generated from the schema; needs protobuf-compiler.
proto:
	swift build -c release --product protoc-gen-swift
	protoc --plugin=.build/release/protoc-gen-swift --swift_opt=Visibility=Package --swift_opt=UseAccessLevelOnImports=true \
		--swift_out=Shared/Wire/Generated -IShared/Wire/proto Shared/Wire/proto/*.proto
