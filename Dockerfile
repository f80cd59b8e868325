# The application with everything it needs, the language model included: one image for the head and every worker.
#
#   docker build --tag dropforge --build-arg REVISION="$(git rev-parse HEAD)" .
#   docker run --read-only --tmpfs /tmp --shm-size 1g --publish 8000:8000 --env DROPFORGE_API_TOKEN dropforge
#
# On Kubernetes the operator puts `ray start` in the place of the command.

FROM python:3.12-slim-bookworm AS dependencies
RUN apt-get update \
 && apt-get install --yes --no-install-recommends dumb-init=1.2.5-2 \
 && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /opt/venv/lib/python3.12/site-packages
COPY requirements.txt /tmp/
# Taken out again: Ray for Java and C++, Arrow's headers, and tests. A good part of the image, and never run.
RUN pip install --no-cache-dir --require-hashes --only-binary :all: --requirement /tmp/requirements.txt \
 && rm -rf ray/jars ray/cpp pyarrow/include pyarrow/tests pandas/tests numpy/tests spacy/tests

FROM dependencies AS application
WORKDIR /source
COPY pyproject.toml README.md serve_config.yaml ./
COPY actors actors
COPY serve_app serve_app
COPY infra/__init__.py infra/
COPY infra/local infra/local
RUN pip install --no-cache-dir --no-deps --no-build-isolation --target /app .
COPY serve_config.yaml /app/
# A cleaner's machine code, for processors as this one. Elsewhere it is compiled when the first cleaner starts.
RUN cd /app && NUMBA_CACHE_DIR=/app/compiled PYTHONDONTWRITEBYTECODE=1 \
  python -c "from actors.text.cleaner import DescriptionCleaner; DescriptionCleaner()"

FROM python:3.12-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin dropforge
COPY --from=dependencies /usr/bin/dumb-init /usr/bin/
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=application /app /app

ARG REVISION=unknown
LABEL org.opencontainers.image.title="Dropforge" \
      org.opencontainers.image.description="A product catalogue CSV in a bucket becomes a clean one, with images" \
      org.opencontainers.image.revision="$REVISION"

# Ray writes its session, and Python and Ray their state, below /tmp alone: the root file system can be read-only.
# Events go to the container's output, one JSON object a line, where Cloud Logging takes severity and labels from; so does
# what Ray has to say, of which only faults are wanted.
# The C library keeps memory of its own for every thread that asks for some: with dozens of threads a process grows with
# the size of its runs, without need.
ENV PATH=/app/bin:/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    SHIPPED_NUMBA_CACHE_DIR=/app/compiled \
    NUMBA_CACHE_DIR=/tmp/compiled \
    MALLOC_ARENA_MAX=2 \
    RAY_LOG_TO_STDERR=1 \
    RAY_BACKEND_LOG_LEVEL=error \
    RAY_USAGE_STATS_ENABLED=0

WORKDIR /app
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=180s \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health', timeout=8)"]

# `serve run` drains on SIGINT alone; Docker sends SIGTERM.
ENTRYPOINT ["dumb-init", "--single-child", "--rewrite", "15:2", "--"]
CMD ["serve", "run", "serve_config.yaml"]
