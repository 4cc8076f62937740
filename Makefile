# Every target sets up what it needs; nothing is asked.
#
#   make demo [KEEP=1]               the main job, end to end, on this machine
#   make test                        everything that CI runs, but for lint
#   make build                       artifacts/bin/skerryd, artifacts/bin/skerry and artifacts/bin/skerry-blocks
#   make lint                        format and analyzers
#   make prove [SEED=x] [STEPS=n]    the block store against its model, under crashes and faults
#   make fuzz [SEED=x] [MESSAGES=n]  a million hostile NBD messages and a million hostile frames between sites; no crash, and memory,
#     threads and sockets as before, and nothing forged in the state
#   make soak [MINUTES=10]           the block store under everything at once; memory and space must stay flat
#   make disasters [SEEDS=2000] [SEED=x]  one volume's sites in one process, struck in the middle of every step of replication and of moves
#   make disasters-real [ROUNDS=100] [SEED=x]  real sites killed, cut off and failed over under a writer
#   make group-disasters [SEEDS=100] [SEED=x]  a group of eight volumes under writes in order: every recovery point is a prefix
#   make rounds [ROUNDS=50]          planned failover and failback of one volume under a writer, in a row
#   make simulate [SEEDS=300] [SEED=x] sites in one process, under trouble of all kinds, on virtual time; also
#     [FIRST=1] [SITES=n] [TROUBLE=seconds] [PAUSE=seconds] [FAULTS=Crash,LogCut|none] [THREADS=n]
#   make simulate BREAK=all|NAME      breaks the code on purpose, and sees that the simulator notices
#   make simulate-large               a thousand sites with the real code in a tree, ten thousand as a model that is held against it
#   make bench [NAME=blocks]         measurements beside peers, into artifacts/bench; also
#     [CASES=randwrite,fsync] [TRANSPORT=tcp|unix] [ROUNDS=5] [GIB=16] [SECONDS=60] [PEERS=rsync|none]

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1
export MSBUILDTERMINALLOGGER := off

CONFIGURATION ?= Release
SEEDS ?=
SEED ?=
STEPS ?=
MESSAGES ?= 1000000
MINUTES ?= 10
NAME ?= all
CASES ?=
TRANSPORT ?=
ROUNDS ?=
GIB ?=
SECONDS ?=
PEERS ?=
KEEP ?=
FIRST ?=
SITES ?=
TROUBLE ?=
PAUSE ?=
FAULTS ?=
THREADS ?=
BREAK ?=

DOTNET_BUILD := dotnet build -c $(CONFIGURATION) -v quiet -clp:NoSummary

.PHONY: build demo test bench simulate simulate-large disasters group-disasters disasters-real rounds prove fuzz soak lint setup clean

setup:
	@eng/setup

build: setup
	@$(DOTNET_BUILD) Skerry.slnx
	@eng/link-programs $(CONFIGURATION)

demo: build
	@KEEP=$(KEEP) dotnet tests/Skerry.Demo/bin/$(CONFIGURATION)/net10.0/Skerry.Demo.dll

test: build
	@eng/test $(CONFIGURATION)

simulate: setup
	@$(DOTNET_BUILD) tests/Skerry.Simulation
	@SKERRY_SEEDS=$(SEEDS) SKERRY_SEED=$(SEED) SKERRY_FIRST_SEED=$(FIRST) SKERRY_SITES=$(SITES) SKERRY_TROUBLE=$(TROUBLE) SKERRY_PAUSE=$(PAUSE) \
		SKERRY_FAULTS=$(FAULTS) SKERRY_THREADS=$(THREADS) SKERRY_BREAK=$(BREAK) eng/simulate $(CONFIGURATION)

simulate-large: setup
	@$(DOTNET_BUILD) tests/Skerry.Simulation
	@dotnet tests/Skerry.Simulation/bin/$(CONFIGURATION)/net10.0/Skerry.Simulation.dll -noColor -showLiveOutput -explicit only -method '*.A_thousand_sites_*'

disasters: setup
	@$(DOTNET_BUILD) tests/Skerry.Movers.Tests
	@eng/disasters "$(SEEDS)" "$(SEED)"

group-disasters: setup
	@$(DOTNET_BUILD) tests/Skerry.Movers.Tests
	@SKERRY_GROUP_SEEDS=$(or $(SEEDS),100) $(if $(SEED),SKERRY_SEED=$(SEED)) dotnet tests/Skerry.Movers.Tests/bin/$(CONFIGURATION)/net10.0/Skerry.Movers.Tests.dll -noColor -class Skerry.Movers.Tests.Groups.GroupDisasterTests

disasters-real: build
	@eng/disasters-real "$(ROUNDS)" "$(SEED)"

rounds: build
	@PLANNED=1 eng/disasters-real "$(ROUNDS)" "$(SEED)"

prove: setup
	@$(DOTNET_BUILD) tests/Skerry.Blocks.Tests
	@eng/prove "$(SEED)" "$(STEPS)"

fuzz: setup
	@$(DOTNET_BUILD) tests/Skerry.Blocks.Tests
	@$(DOTNET_BUILD) tests/Skerry.Sync.Tests
	@eng/fuzz "$(SEED)" "$(MESSAGES)"

soak: setup
	@$(DOTNET_BUILD) tests/Skerry.Blocks.Tests
	@eng/soak "$(MINUTES)"

bench: build
	@eng/setup bench
	@eng/bench $(NAME) cases=$(CASES) transport=$(TRANSPORT) rounds=$(ROUNDS) gib=$(GIB) seconds=$(SECONDS) peers=$(PEERS)

lint: setup
	@eng/lint $(CONFIGURATION)

clean:
	@rm -rf artifacts; find src tests bench -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
