#!/bin/sh
# Grantor's own role: it owns its database and is no superuser, so that row-level security holds for it.
set -eu
psql --username "$POSTGRES_USER" --set ON_ERROR_STOP=1 --set password="$GRANTOR_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE grantor LOGIN PASSWORD :'password';
CREATE DATABASE grantor OWNER grantor;
SQL
