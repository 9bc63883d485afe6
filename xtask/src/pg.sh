# The life of one throw-away PostgreSQL, as the user that this runs as:
#   pg.sh BINARIES PORT durable|fast, the superuser's password on the first line of standard input.
# Writes `ready` when the server answers, and stops it and removes its files when standard input ends. So it ends with
# the process that started it, however that process ends.
set -u
umask 077
bin=$1
port=$2
writes=$3
IFS= read -r password || exit 1

# Each test makes a database, which is hundreds of files: in memory, where there is room for them, that is no work.
room() { df -Pk "$1" 2>/dev/null | awk 'END { print ($4 > 2000000) ? "yes" : "no" }'; }
dir=
if [ "$writes" = fast ] && [ "$(room /dev/shm)" = yes ]; then
    dir=$(mktemp -d /dev/shm/valinta-pg.XXXXXX 2>/dev/null)
fi
# The folder that TMPDIR names may be one that only the caller can enter.
[ -n "$dir" ] || dir=$(mktemp -d "${TMPDIR:-/tmp}/valinta-pg.XXXXXX" 2>/dev/null || mktemp -d /tmp/valinta-pg.XXXXXX) || exit 1
finish() {
    # The data is thrown away, so the server need not write it out first.
    "$bin/pg_ctl" -D "$dir/data" -m immediate -w -t 30 stop >/dev/null 2>&1
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM PIPE

printf '%s\n' "$password" >"$dir/password"
"$bin/initdb" -D "$dir/data" -U valinta --pwfile="$dir/password" --auth=password \
    --encoding=UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }

cat >>"$dir/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$dir'
max_connections = 300
END
# Durable is the default: fsync and synchronous_commit are on, as they are in service.
[ "$writes" = durable ] || printf '%s\n' 'fsync = off' 'full_page_writes = off' 'max_wal_size = 256MB' >>"$dir/data/postgresql.conf"

"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start >/dev/null 2>&1 || { cat "$dir/log" >&2; exit 1; }
echo ready
cat >/dev/null
