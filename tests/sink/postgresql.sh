# For tests that need a PostgreSQL server of their own: . postgresql.sh, after tap.sh. The server runs as an
# unprivileged user on a socket in the scratch folder, and is ended by its process id.

pg_bin=$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -n 1)
pg=$scratch/pg
pg_url="postgresql://sink@/postgres?host=$pg/socket"

# Why there can be none; empty: there can.
pg_missing() {
    if ! grep -q 'postgresql' "$root/src/sink/meson.build" || [ -z "$pg_bin" ]; then
        echo "needs postgresql"
    elif "$prismfed" sink list "$pg_url" 2>&1 | grep -q 'built without libpq'; then
        echo "needs libpq-dev"
    fi
}

as_nobody() {
    if [ "$(id -u)" = 0 ]; then
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
    else
        "$@"
    fi
}

pg_make() {
    chmod 711 "$scratch"
    mkdir -p "$pg/socket"
    [ "$(id -u)" != 0 ] || chown -R 65534:65534 "$pg"
    (cd "$pg" && as_nobody "$pg_bin/initdb" -D "$pg/data" -U sink -A trust --no-sync > "$pg/initdb.log" 2>&1)
}

# Starts it, and waits until it answers. Its process id is in pg_pid.
pg_start() {
    pg_tries=0
    while :; do
        (cd "$pg" && exec setpriv $([ "$(id -u)" != 0 ] || echo --reuid=65534 --regid=65534 --clear-groups) \
            "$pg_bin/postgres" -D "$pg/data" -k "$pg/socket" -c listen_addresses= >> "$pg/log" 2>&1) &
        pg_pid=$!
        for pg_wait in $(seq 100); do
            if pg_ask 'SELECT 1' > /dev/null 2>&1; then return 0; fi
            kill -0 "$pg_pid" 2> /dev/null || break
            sleep 0.1
        done
        wait "$pg_pid" 2> /dev/null || true
        pg_tries=$((pg_tries + 1))
        [ "$pg_tries" -lt 20 ] || return 1 # what was killed may still hold the data for a moment
        sleep 0.2
    done
}

pg_ask() { # QUERY
    PGCONNECT_TIMEOUT=5 "$pg_bin/psql" -X -A -t -U sink -h "$pg/socket" -d postgres -c "$1"
}

# All processes of the server.
pg_all() {
    echo "$pg_pid"
    for pg_stat in /proc/[0-9]*/stat; do
        sed -n "s/^\([0-9]*\) .*) [A-Z] $pg_pid .*/\1/p" "$pg_stat" 2> /dev/null || true
    done
}

# As when the machine loses its power: nothing of it is left.
pg_kill() {
    kill -9 $(pg_all) 2> /dev/null || true
    wait "$pg_pid" 2> /dev/null || true
}

pg_stop() {
    [ -z "${pg_pid-}" ] || {
        kill -CONT $(pg_all) 2> /dev/null || true
        kill -QUIT "$pg_pid" 2> /dev/null || true
        wait "$pg_pid" 2> /dev/null || true
    }
}
