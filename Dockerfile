# One image for the service, the command line and the topics job: Node, the libraries it loads and the sources, which Node
# runs as they are. No shell and no package manager are in it, and it writes nowhere.
#   docker build --build-arg COMMIT=$(git rev-parse HEAD) -t tiktok-conversion-sync .
#   docker build --target sandbox -t tiktok-conversion-sync-sandbox .     the TikTok simulator and the demo's stream
# Build arguments, secrets and how to run it: docs/operations.md, "Image". Needs BuildKit, Docker's builder since 23.0.

# Any image with Node 24.6 or newer and npm; Node and the libraries in the result are those of this one.
ARG BASE_IMAGE=node:24.21.0-bookworm-slim

FROM ${BASE_IMAGE} AS dependencies
# A base may bring a company's own certificate authority along.
ENV NODE_USE_SYSTEM_CA=1
WORKDIR /app
COPY package.json package-lock.json ./
# No package here needs an install script. A registry of your own: --secret id=npmrc,src=$HOME/.npmrc
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund --cache /tmp/npm
COPY scripts/image-root.ts ./scripts/
RUN ["node", "scripts/image-root.ts", "/rootfs"]

FROM scratch AS service
ARG VERSION=0.1.0
ARG COMMIT=
ARG SOURCE=
LABEL org.opencontainers.image.title="tiktok-conversion-sync" \
      org.opencontainers.image.description="Kafka stream processor that keeps TikTok Ads in step with the conversions and revenue a business records" \
      org.opencontainers.image.vendor="SourceLoop" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
ENV PATH=/usr/local/bin NODE_ENV=production TIKTOK_SYNC_COMMIT=${COMMIT}
COPY --from=dependencies /rootfs /
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
# Readable for the image's user, whatever the umask of who checked the project out.
COPY --chmod=0644 package.json LICENSE ./
COPY --chmod=0755 config ./config
COPY --chmod=0755 schemas ./schemas
COPY --chmod=0755 src ./src
# Configuration: /etc/tiktok-sync/config.yaml (say so in TIKTOK_SYNC_CONFIG), tokens of file: references: /etc/tiktok-sync/tokens.
# As numbers, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=90s --retries=3 CMD ["node", "src/main.ts", "healthcheck"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["run"]

# The TikTok simulator and the demo's stream of events, for docker-compose.yml only.
FROM service AS sandbox
COPY --chmod=0755 sandbox ./sandbox
HEALTHCHECK NONE
ENTRYPOINT ["node"]
CMD ["sandbox/simulator-main.ts", "--host", "0.0.0.0", "--port", "8090"]

# What `docker build .` makes.
FROM service
