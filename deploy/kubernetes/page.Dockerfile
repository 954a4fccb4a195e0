# The built page with its web server; `make site` makes dist/.
FROM caddy:2.10-alpine
COPY dist /srv/tether
