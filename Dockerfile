# One image for web, worker and the mail catcher.
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/newsletter \
 && /opt/newsletter/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY src src
COPY templates templates
RUN /opt/newsletter/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.13-slim
# Pictures of titles, for links that are shared, need a font with accents and dashes.
RUN apt-get update && apt-get install -y --no-install-recommends fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home newsletter \
 && install -d -o newsletter /data
COPY --from=build /opt/newsletter /opt/newsletter
ENV PATH=/opt/newsletter/bin:$PATH NEWSLETTER_DATA_DIR=/data PYTHONUNBUFFERED=1
USER newsletter
WORKDIR /home/newsletter
VOLUME /data
EXPOSE 8000
CMD ["newsletter", "web", "--host", "0.0.0.0"]
