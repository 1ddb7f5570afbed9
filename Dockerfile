# Two stages: wheels are fetched and built in the first, and the second holds nothing but Python and what they install.
FROM python:3.13-slim AS wheels
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && pip wheel --no-cache-dir --require-hashes --wheel-dir /wheels -r requirements/runtime.txt
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY migrations migrations
COPY collections collections
COPY src src
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="indicator-hub" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index /wheels/*.whl \
    && useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin hub \
    && install -d -o hub -g hub -m 0700 /data
# The root file system may be read-only: the hub writes to /data, and SQLite's sorting to /tmp.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    INDICATOR_HUB_DATA_DIR=/data \
    INDICATOR_HUB_HOST=0.0.0.0 \
    INDICATOR_HUB_PORT=8000
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
# Asked straight, whatever proxy the environment names for feeds; over TLS without looking at the certificate, which is for another name.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-c", "import os, ssl, urllib.request as u; e = os.environ; u.build_opener(u.ProxyHandler({}), u.HTTPSHandler(context=ssl._create_unverified_context())).open('http%s://127.0.0.1:%s/healthz' % ('s' if e.get('INDICATOR_HUB_TLS_CERT') else '', e['INDICATOR_HUB_PORT']), timeout=4)"]
ENTRYPOINT ["indicator-hub"]
CMD ["serve"]
