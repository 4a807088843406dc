# The only door: what CI runs is what a person runs.
PYTHON ?= python3
STAGE ?= trial
BIN := .venv/bin
# Whose account, and which region of it: as the AWS command understands them, where they are not given.
ifneq ($(PROFILE),)
export AWS_PROFILE := $(PROFILE)
endif
ifneq ($(REGION),)
export AWS_REGION := $(REGION)
export AWS_DEFAULT_REGION := $(REGION)
export CDK_DEFAULT_REGION := $(REGION)
endif
# One thread a process: jobs and model server share the cores, and a team of threads that waits for a core is slower than one.
export OMP_NUM_THREADS ?= 1
INSTALLED := .venv/.installed
# The packages of the Lambdas' layer, beside the lock file that they were made from.
LAYER := .venv/lambda-packages/requirements.lock
# The SageMaker SDK brings 150 packages and pins old ones: it has an environment of its own.
NOTEBOOK := .venv-notebook/.installed
# Lint, types and tests read these folders.
CODE := app.py atelier bench cli contracts diffusion docs imaging inference infra lambdas lessons local models notebooks tests training

.PHONY: help demo local local-clean test chaos notebook clients check lint types templates docs learn site lambda-packages bench-demo bench-cold bench-ddp bench-memory bench-needs bench-poison bench-encoding bench-serve bench-train gpu-check bench-photos bench-quality bench-drift bench-colour bench-synth bench-page bench-api bench-batch bench-load bench-soak bench-hostile gate-score score-lawful score-tiny tiny sheets screenshots terminal format synth costs doctor images bootstrap deploy diff deployed smoke key destroy lock clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

demo: $(INSTALLED) ## run the main job on this machine: pictures in, fine-tuned style out
	@$(BIN)/atelier demo

local: $(INSTALLED) ## keep the local cloud and its API up until Ctrl-C, with all that it held before (PORT=4700, REGION)
	@$(BIN)/atelier up $(if $(PORT),--port $(PORT)) $(if $(REGION),--region $(REGION))

local-clean: $(INSTALLED) ## remove what make local has kept: styles, pictures, reports
	@$(BIN)/atelier clean

# Three for two cores: the two that begin with the local cloud wait for its jobs and for a browser half of their time.
test: $(INSTALLED) node_modules/.installed ## run every test, a file at a time on each of three processes
	@tests/browser/install.sh
	$(BIN)/pytest --numprocesses 3 --no-loadscope-reorder

chaos: $(INSTALLED) ## put the local cloud to work while everything goes wrong, and check what must hold all the same (SEED=1 SECONDS=600)
	@$(BIN)/python -m tests.chaos --seed $(or $(SEED),1) --seconds $(or $(SECONDS),600)

notebook: $(INSTALLED) $(NOTEBOOK) ## run the SageMaker SDK's notebook against a fresh local cloud (SAVE=1: keep what it shows)
	@$(BIN)/python -m notebooks $(if $(SAVE),--save)

clients: $(INSTALLED) ## let the clients that people bring (replicate, openai, stability, boto3) and schemathesis use a local stage of their own (ONLY=one of them, SEED=13)
	@$(BIN)/python -m bench.clients --seed $(or $(SEED),13) $(if $(ONLY),--only $(ONLY))

check: lint types templates site test ## everything that must hold before a commit lands

lint: $(INSTALLED) ## style and formatting
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

types: $(INSTALLED) node_modules/.installed ## strict types: Python's, and those of the page's JavaScript
	$(BIN)/mypy $(CODE)
	"$$($(BIN)/python -m infra.node)" node_modules/typescript/bin/tsc

templates: $(INSTALLED) node_modules/.installed ## every stage's templates against the offline validators (REGION: all of them there)
	$(BIN)/python -m infra.gate $(addprefix --region ,$(REGION))

docs: $(INSTALLED) ## write the generated parts of the docs
	@$(BIN)/python -m docs.generate
	@$(BIN)/python -m docs.prod

site: $(INSTALLED) node_modules/.installed ## build the documentation as a site in out/site; fails on a link or an anchor that leads nowhere
	@$(BIN)/python -m docs.site

lambda-packages: $(LAYER) ## fetch the packages of the Lambdas' layer; the install step does it too

bench-demo: $(INSTALLED) ## run the demo and print what each stage took
	@$(BIN)/python -m bench.demo

bench-cold: $(INSTALLED) ## compare a cold import of the API handler with boto3 and one client
	@PYTHONPATH=.:lambdas $(BIN)/python -m bench.cold

bench-ddp: $(INSTALLED) ## compare pretraining on two processes with one, and with two independent ones
	@PYTHONPATH=.:training HF_HUB_DISABLE_PROGRESS_BARS=1 $(BIN)/python -m bench.ddp

bench-poison: $(INSTALLED) ## read a thousand pictures that are made to break a reader
	@$(BIN)/python -W ignore -m bench.poison

bench-needs: $(INSTALLED) ## say what fine-tuning takes of a machine, by base model, and where contracts/training_table.py says otherwise; 15 minutes of a core (WRITE=1, ONLY="tiny-inpaint")
	@PYTHONPATH=.:training $(BIN)/python -W ignore -m bench.needs $(if $(WRITE),--write) $(if $(ONLY),--only $(ONLY))

bench-memory: $(INSTALLED) ## say how much memory one of the largest pictures takes, in each form and each dialect
	@PYTHONPATH=.:inference $(BIN)/python -m bench.memory

bench-encoding: $(INSTALLED) ## say what it saves that a photo is encoded once, however often it is asked
	@PYTHONPATH=.:inference $(BIN)/python -m bench.encoding

bench-serve: $(INSTALLED) ## measure the model server against one plain diffusers pipeline called in turn (MODELS=tiny,miniature, and sd15 on a GPU; ONLY=ready,ratios,marked,brands,catalogue,memory PASSES=2 CLIENTS=8,32 REQUESTS=2000)
	@PYTHONPATH=.:inference $(BIN)/python -m bench.serve $(addprefix --models ,$(MODELS)) $(addprefix --only ,$(ONLY)) $(addprefix --passes ,$(PASSES)) $(addprefix --clients ,$(CLIENTS)) $(addprefix --requests ,$(REQUESTS))

bench-train: $(INSTALLED) ## measure a fine-tune against a plain training loop, and against forward and backward alone (ONLY=steps,jobs,likeness,masks,recipes SEEDS=5)
	@PYTHONPATH=.:training $(BIN)/python -W ignore -m bench.train $(addprefix --only ,$(ONLY)) $(addprefix --seeds ,$(SEEDS))

gpu-check: $(INSTALLED) ## check on this machine's GPUs what no CPU shows of training and painting, in 8 minutes (ONLY=together,painting,training,optimizers,memory,steps,compiled)
	@PYTHONPATH=.:training $(BIN)/python -W ignore -m bench.gpu $(addprefix --only ,$(ONLY))

bench-photos: $(INSTALLED) ## say how much memory a data set of 500 photos of 12 megapixels takes in Segment and in a training (PHOTOS=500)
	@PYTHONPATH=.:training $(BIN)/python -W ignore -m bench.photos $(addprefix --photos ,$(PHOTOS))

bench-quality: $(INSTALLED) ## score what the tiny models paint by samplers, steps and guided steps, with three seeds
	@PYTHONPATH=.:inference:training $(BIN)/python -m bench.quality

bench-drift: $(INSTALLED) ## spoil one in twenty of 200 restyled photos, let the rest drift, and say what a batch's statistics find (SEED=1)
	@PYTHONPATH=.:inference:lambdas $(BIN)/python -m bench.drift --seed $(or $(SEED),1)

bench-colour: $(INSTALLED) ## repaint half of 16 plain garments, and 20 in a colour each, and say what of the edge is seen and how near the colours come
	@PYTHONPATH=.:inference $(BIN)/python -m bench.colour

score-lawful: $(INSTALLED) ## say how often marks and manifests are found in what was repainted, marks in what was not, and which words and pictures are refused; 30 minutes of a core (PICTURES=500 UNMARKED=5000 CASES=240 ONLY="mark words")
	@PYTHONPATH=.:inference $(BIN)/python -m bench.lawful $(addprefix --pictures ,$(PICTURES)) $(addprefix --unmarked ,$(UNMARKED)) $(addprefix --cases ,$(CASES)) $(if $(ONLY),--only $(ONLY))

bench-synth: $(INSTALLED) ## compare the synthesis of a stage with that of an empty app, in CPU seconds
	@$(BIN)/python -m bench.synth

bench-api: $(INSTALLED) ## let 50 clients paint through the HTTP API, count what was lost or done twice, and say what it adds to the model server (PREDICTIONS=500)
	@$(BIN)/python -m bench.api --predictions $(or $(PREDICTIONS),500)

bench-page: $(INSTALLED) ## say how long people wait for the page, its masks and its pictures, on a desktop and a phone, and what it weighs (VISITS=5)
	@tests/browser/install.sh
	@$(BIN)/python -m bench.page --visits $(or $(VISITS),5)

bench-batch: $(INSTALLED) ## kill and cancel a batch of 10,000 rows with a stand-in for the model server, and one of 200 with the tiny models, and count what is lost or painted twice (ITEMS, TINY, SEED=1)
	@PYTHONPATH=.:inference:lambdas $(BIN)/python -m bench.batch --items $(or $(ITEMS),10000) --tiny $(or $(TINY),200) --seed $(or $(SEED),1)

bench-load: $(INSTALLED) ## let 50 clients meet a cold local stage, and count what was lost or done twice (PREDICTIONS=500)
	@$(BIN)/python -m bench.load --predictions $(or $(PREDICTIONS),500)

bench-soak: $(INSTALLED) ## paint in a row, and say whether memory, descriptors and folders stay flat (PREDICTIONS=2000)
	@$(BIN)/python -m bench.soak --predictions $(or $(PREDICTIONS),2000)

bench-hostile: $(INSTALLED) ## send a local stage a thousand requests that no honest client sends
	@$(BIN)/python -m bench.hostile

gate-score: $(INSTALLED) ## plant hundreds of defects, one at a time, and count those that the gate names
	@PYTHONPATH=.:lambdas $(BIN)/python -m bench.gate

score-tiny: $(INSTALLED) ## score the shipped tiny models on held-out figures
	@PYTHONPATH=.:training $(BIN)/python -m models.tiny.make.score

tiny: $(INSTALLED) ## make the tiny weights from nothing, with PROCESSES=2 in about two hours of two cores; resumes where it was stopped
	@PYTHONPATH=.:training $(BIN)/python -m models.tiny.make.recipe --work .work/tiny --processes $(or $(PROCESSES),1)

sheets: $(INSTALLED) ## draw the tiny models' contact sheets into docs/sheets
	@PYTHONPATH=.:training $(BIN)/python -m models.tiny.make.sheets

learn: $(INSTALLED) ## draw the pictures of docs/learn and write its pages, in 3 minutes; MEASURE=1 first trains what has no result yet, all of it 50 minutes of a core
	@PYTHONPATH=.:training $(BIN)/python -W ignore -m lessons $(if $(MEASURE),--measure)

screenshots: $(INSTALLED) node_modules/.installed ## take pictures of every screen of the page into docs/pictures/page
	@tests/browser/install.sh
	@SCREENSHOTS=docs/pictures/page $(BIN)/pytest tests/browser/test_whom_it_keeps_out.py

terminal: $(INSTALLED) ## train, approve and restyle on a terminal in a local cloud, and draw it for README
	@PYTHONPATH=.:lambdas $(BIN)/python -m docs.terminal

format: $(INSTALLED) ## rewrite the code in the house format
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

synth: $(INSTALLED) ## write the templates of STAGE (local | trial | dev | prod) to cdk.out/; CONTEXT='account=111122223333 owner=me' adds to it
	@rm -rf cdk.out
	@context="$$($(BIN)/python -m infra.context stage=$(STAGE) $(if $(REGION),region=$(REGION)) $(CONTEXT))" && \
		CDK_OUTDIR=cdk.out CDK_CONTEXT_JSON="$$context" $(BIN)/python app.py

costs: $(INSTALLED) ## what STAGE costs an hour and which quotas it needs (REGION)
	@$(BIN)/atelier cost $(STAGE) $(addprefix --region ,$(REGION))

# The CDK command works on what synth has written: what is checked is what is deployed, and nothing is synthesized twice.
bootstrap deploy diff destroy: export CDK_DISABLE_CLI_TELEMETRY := true
# As it is: the shell would take quotes away, or miss one.
export CDK_ARGS
# Whoever destroys need not be told what to mend first.
bootstrap diff destroy: export CDK_VALIDATION := false

doctor: $(INSTALLED) ## say what stands between STAGE and its account: credentials, limits, programs, licences (PROFILE, REGION, CONTEXT)
	@$(BIN)/atelier doctor $(STAGE) $(if $(REGION)$(CONTEXT),--context $(addprefix region=,$(REGION)) $(CONTEXT))

images: $(INSTALLED) ## build both images with buildah on this machine's Python and torch, and start them (MOUNTS: paths that pip needs)
	@PYTHONPATH=.:training:inference $(BIN)/python -m bench.images $(addprefix --mount ,$(MOUNTS))

bootstrap: synth node_modules/.installed ## make what the CDK needs in the account and region, once (PROFILE, REGION, CDK_ARGS)
	@$(BIN)/atelier bootstrap $(STAGE) --cdk="$$CDK_ARGS"

deploy: costs synth node_modules/.installed ## deploy STAGE to the account of the credentials (PROFILE, REGION, CDK_ARGS, CONTEXT)
	@$(BIN)/atelier deploy $(STAGE) --cdk="$$CDK_ARGS"

diff: synth node_modules/.installed ## say what make deploy would change in the account
	@$(BIN)/atelier diff $(STAGE) --cdk="$$CDK_ARGS"

deployed: $(INSTALLED) ## say where STAGE is and how to use it
	@$(BIN)/atelier deployed $(STAGE)

smoke: $(INSTALLED) ## ask STAGE for one picture, and fail where none comes
	@$(BIN)/atelier smoke $(STAGE)

key: $(INSTALLED) ## print the API key of STAGE, and with make -s nothing else
	@$(BIN)/atelier key $(STAGE)

destroy: synth node_modules/.installed ## remove STAGE from the account, with what its executions made; asks first, unless YES=1
	@$(BIN)/atelier destroy $(STAGE) $(if $(YES),--yes) --cdk="$$CDK_ARGS"

lock: $(INSTALLED) ## write requirements.lock from what is installed
	$(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//' | grep -vE '^(nvidia-|triton|cuda-)' > requirements.lock

clean: ## remove what the commands above made, but not what make local keeps
	[ ! -d out ] || find out -mindepth 1 -maxdepth 1 ! -name local -exec rm -rf {} +
	rm -rf .venv .venv-notebook .work cdk.out node_modules .mypy_cache .ruff_cache .pytest_cache *.egg-info

$(INSTALLED): pyproject.toml requirements.lock lambdas/requirements.lock
	@echo "Installing the locked packages into .venv (several minutes the first time)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(MAKE) --no-print-directory $(LAYER)
	@touch $@

$(NOTEBOOK): notebooks/requirements.lock
	@echo "Installing the SageMaker SDK into .venv-notebook (a minute, 1 GB)"
	$(PYTHON) -m venv .venv-notebook
	.venv-notebook/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

# Wheels for the Lambdas' processor and Python, unpacked but never run here; scripts hold this machine's paths, so they are left out.
$(LAYER): lambdas/requirements.lock
	rm -rf $(@D)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --target $(@D)/python --only-binary=:all: \
		--implementation cp --python-version 3.13 --platform manylinux2014_aarch64 --platform manylinux_2_28_aarch64 -r $<
	rm -rf $(@D)/python/bin
	@cp $< $@

# The packaged Node.js brings npm, whose own start script does not find it.
node_modules/.installed: package.json package-lock.json $(INSTALLED)
	node="$$($(BIN)/python -m infra.node)"; "$$node" "$$(dirname "$$node")/../lib/node_modules/npm/bin/npm-cli.js" ci --no-fund --no-audit
	@touch $@
