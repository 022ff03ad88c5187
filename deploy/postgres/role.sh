#!/bin/sh
# Run once by PostgreSQL's image, as its superuser: the hub's database and its role, which may do no more than it
# needs (`hub doctor` looks). The password comes from a file and is never on a command line or in a log.
set -eu
: "${HUB_PASSWORD_FILE:=/run/secrets/database_password}"
psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<SQL
\set password \`cat '$HUB_PASSWORD_FILE'\`
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
CREATE ROLE hub LOGIN PASSWORD :'password';
CREATE DATABASE hub;
REVOKE ALL ON DATABASE hub FROM PUBLIC;
GRANT CONNECT, CREATE ON DATABASE hub TO hub;
SQL
