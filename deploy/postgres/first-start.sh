#!/bin/sh
# Runs once, when the volume is empty. Kazi gets a role that owns its database and is no superuser:
# a superuser could switch off the triggers that keep the ledger append-only.
set -eu
address=$(cat "$DATABASE_URL_FILE") # postgresql://kazi:PASSWORD@postgres/kazi
password=${address#*://kazi:}
password=${password%%@*}
psql --username=postgres --set=ON_ERROR_STOP=1 --set=password="$password" <<'SQL'
CREATE ROLE kazi LOGIN PASSWORD :'password';
CREATE DATABASE kazi OWNER kazi;
SQL
