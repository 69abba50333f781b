#!/bin/bash
# Run once by the image, on an empty directory: Chancery's roles, as docs/reference/postgresql.md has them.
set -euo pipefail
export PGPASSWORD
PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
roles=(chancery_owner chancery_identity chancery_access chancery_elevation chancery_egress chancery_proxy chancery_vault chancery_consent chancery_dsar chancery_retention chancery_notices chancery_keyring chancery_decisions chancery_rbac chancery_fanout chancery_ledger chancery_relay chancery_replay)
{
    for group in chancery_writer chancery_projector; do
        echo "CREATE ROLE $group NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION;"
    done
    for role in "${roles[@]}"; do
        replication=NOREPLICATION
        [ "$role" != chancery_relay ] || replication=REPLICATION
        echo "CREATE ROLE $role LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS INHERIT $replication;"
        file=/run/secrets/postgres/$role.password
        # A role that has none can't sign in.
        [ ! -f "$file" ] || echo "ALTER ROLE $role PASSWORD '$(cat "$file")';"
    done
    echo "GRANT chancery_writer TO chancery_identity, chancery_access, chancery_elevation, chancery_egress, chancery_proxy, chancery_vault, chancery_consent, chancery_dsar, chancery_retention, chancery_notices, chancery_ledger;"
    echo "GRANT chancery_projector TO chancery_elevation, chancery_vault, chancery_consent, chancery_dsar, chancery_retention, chancery_notices, chancery_rbac, chancery_fanout, chancery_ledger;"
    echo "REVOKE ALL ON DATABASE chancery FROM PUBLIC;"
    echo "REVOKE ALL ON SCHEMA public FROM PUBLIC;"
    for role in "${roles[@]}"; do
        echo "GRANT CONNECT ON DATABASE chancery TO $role;"
    done
    echo "GRANT CREATE ON DATABASE chancery TO chancery_owner;"
} | psql --quiet --set ON_ERROR_STOP=1 --username postgres --dbname chancery
