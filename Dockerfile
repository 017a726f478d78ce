# Two stages: the first compiles, the second holds what runs and nothing else.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No install scripts: the only one that matters brings Node 24, which this image has.
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build.ts
RUN npm ci --ignore-scripts --omit=dev

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="clear-friends" \
      org.opencontainers.image.licenses="MIT"
# In a container the loopback address is reached by nobody else; who may reach the port is the network's business.
ENV NODE_ENV=production \
    HTTP_HOST=0.0.0.0 \
    HTTP_PORT=9464
WORKDIR /app
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules ./node_modules
COPY --from=build /build/bin ./bin
COPY --from=build /build/dist ./dist
USER node
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HTTP_PORT}/healthz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The exec form: no shell in between, so that SIGTERM reaches the worker and it drains.
ENTRYPOINT ["node", "/app/bin/clear-friends.js"]
CMD ["worker"]
