# The libraries inside the app export the interposed functions and nothing else; they depend on libc alone.
. "$ROOT/tests/cli/_lib.sh"
for kind in preload guard attach; do
so=$LIB/libmemscope-$kind.so
nm -D --defined-only "$so" | awk '{ print $3 }' | sed 's/@.*//' | LC_ALL=C sort >"$T/exports"
diff "$ROOT/tests/golden/$kind-exports.txt" "$T/exports" || wrong "exported symbols differ from tests/golden/$kind-exports.txt"
eq "needed libraries" "libc.so.6" "$(readelf -dW "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v '^ld-linux' | tr '\n' ' ' | sed 's/ $//')"
# Thread-local storage in the initial-exec model only: the dynamic model would allocate.
eq "calls of __tls_get_addr" 0 "$(nm -D --undefined-only "$so" | grep -c __tls_get_addr || true)"
# Nothing that allocates, prints, locks or ends the process.
has_not <(nm -D --undefined-only "$so" | awk '{ print $2 }' | sed 's/@.*//') '^(malloc|calloc|realloc|free|printf|fprintf|write|abort|exit|_exit|__assert_fail|pthread_mutex_lock|getenv|setenv|dlsym|dlopen)$'
done
