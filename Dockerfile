# syntax=docker/dockerfile:1
# Node runs the TypeScript sources as they are, so there is no build step and no compiler in the image.

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim AS service
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY schemas ./schemas
COPY src ./src
# Tokens of connections that say file:NAME are mounted at /etc/tiktok-sync/tokens (option tokens.dir).
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.TIKTOK_SYNC_HTTP_PORT || 8080}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["run"]

# The TikTok simulator and the demo's stream of events, for docker-compose.yml only.
FROM service AS sandbox
COPY sandbox ./sandbox
COPY config/example-connections.yaml ./config/
ENTRYPOINT ["node"]
HEALTHCHECK NONE

# What `docker build .` makes.
FROM service
