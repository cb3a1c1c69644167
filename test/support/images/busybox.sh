#!/bin/sh
# The small web server of the test images: busybox httpd whose behaviour is chosen by environment variables.
#   VERSION       text of the page at /             (default: 1)
#   PORT          where it listens                  (default: 80)
#   START_DELAY   seconds before it listens
#   NEVER_LISTEN  runs without ever listening
#   EXIT_CODE     writes a line to stderr and exits with this code
#   HEALTH        `fail` makes /cgi-bin/healthz answer 500
trap 'kill $! 2>/dev/null; exit 0' TERM INT

echo "version ${VERSION:-1} starts"
if [ -n "$EXIT_CODE" ]; then
  echo "cannot go on, leaving with $EXIT_CODE" >&2
  exit "$EXIT_CODE"
fi
if [ -n "$NEVER_LISTEN" ]; then
  sleep 3600 &
  wait
fi
if [ -n "$START_DELAY" ]; then
  sleep "$START_DELAY" &
  wait
fi

mkdir -p /www/cgi-bin
echo "${VERSION:-1}" > /www/index.html
cat > /www/cgi-bin/healthz <<SCRIPT
#!/bin/sh
if [ "${HEALTH:-ok}" = fail ]; then
  printf 'Status: 500 Internal Server Error\r\nContent-Type: text/plain\r\n\r\nthe database is away\n'
else
  printf 'Content-Type: text/plain\r\n\r\nok\n'
fi
SCRIPT
chmod +x /www/cgi-bin/healthz

httpd -f -p "${PORT:-80}" -h /www &
echo "listening on :${PORT:-80}"
wait
