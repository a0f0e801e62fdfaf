# What a server runs: no tests, no local AWS, no build tools, no root.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
COPY requirements-image.lock .
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: -r requirements-image.lock
WORKDIR /app
COPY . .
# Collecting needs settings that load, and none of their values ends up in the files.
RUN SECRET_KEY=only-for-collecting DATABASE_URL=postgresql://nowhere/none COLLECT_STATIC=1 STUDIO_HOME=/build/home \
    /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /home/studio studio \
    && install -d -o studio -g studio -m 0700 /var/lib/studio /var/lib/audit
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STUDIO_HOME=/var/lib/studio
USER studio
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--no-ws", "promptstudio.wsgi:application"]
