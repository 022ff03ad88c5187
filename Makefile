# demo: the main job on a fresh machine.  test: everything that must hold.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check pango bench kafka java postgres postgresql mariadb mariadb-server clean
KAFKA_PORT ?= 9092
KAFKA_FOLDER ?= .cache/kafka-data

$(VENV)/demo.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/test.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[kafka,postgres,mysql,sftp,http,metrics,traces,parquet,pdf,dev]'
	touch $@ $(VENV)/demo.done

demo: $(VENV)/demo.done
	$(BIN)/hub demo

test: $(VENV)/test.done java postgresql mariadb-server pango
	-$(BIN)/python deploy/kafka/broker.py --fetch
	$(BIN)/pytest

# One PostgreSQL on loopback, in the foreground.
postgres: postgresql
	$(PYTHON) deploy/postgres/server.py

# The server's package; installed only where it is missing and the package manager allows.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql) || \
	  echo "PostgreSQL is missing: tests on it will be skipped (or fail in CI)"

# One MariaDB on loopback, in the foreground: a department's database, to try a feed from a table.
mariadb: mariadb-server
	$(PYTHON) deploy/mariadb/server.py

# The server's package; its own start at boot is not wanted here.
mariadb-server:
	@PATH="$$PATH:/usr/sbin"; command -v mariadbd >/dev/null || \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends mariadb-server) || \
	  echo "MariaDB is missing: tests on it will be skipped (or fail in CI)"

# What PDF reports are laid out with, and letters for Chinese; installed only where missing and allowed.
pango:
	@{ ldconfig -p | grep -q libpangoft2-1.0 && fc-list :lang=zh family | grep -q . ; } 2>/dev/null || \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends \
	    libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig fonts-noto-cjk) || \
	  echo "Pango or a Chinese font is missing: tests of PDF reports will fail; HTML needs neither"

# One Kafka broker on loopback, in the foreground, from its own jars.
kafka: java
	$(PYTHON) deploy/kafka/broker.py --port $(KAFKA_PORT) --folder $(KAFKA_FOLDER)

# Java and Maven, for the broker; installed only where they are missing and the package manager allows.
java:
	@command -v java >/dev/null && command -v mvn >/dev/null || \
	  (apt-get update -qq && apt-get install -y -qq --no-install-recommends default-jre-headless maven) || \
	  echo "java 17+ and maven are missing: tests on Kafka will be skipped (or fail in CI)"

check: $(VENV)/test.done
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

bench: $(VENV)/demo.done
	$(BIN)/hub bench --records 100000

clean:
	rm -rf $(VENV) demo hub-data .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
