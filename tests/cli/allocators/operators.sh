# C++ operators of libstdc++ and of libc++: one event for each, of its own kind.
. "$ROOT/tests/cli/allocators/_allocators.sh"
CXX_SITES="plain 5 1
array 4 1
nothrow 3 1
aligned 3 1
sized 3 1
ordinary 3 1"
for library in libstdc++.so.6 libc++abi.so.1; do
	echo "# $library"
	build "cxx_${library%%.*}" cxx.c "$ARCHIVES/$library"
	exact "$T/cxx_${library%%.*}"
	sites_are "$CXX_SITES"
	eq "blocks by new[]" 4 "$(events '.kind == "new[]" and .size_bytes == 40')"
	eq "aligned ones" 3 "$(events '.kind == "new-aligned" and .size_bytes == 40')"
	eq "by malloc" 3 "$(events '.kind == "malloc" and .size_bytes == 40')"
	eq "ended by delete[]" 3 "$(events '.kind == "delete[]"')"
	eq "ended by a sized delete" 2 "$(events '.kind == "delete-sized"')"
	eq "ended by an aligned delete" 2 "$(events '.kind == "delete-aligned"')"
done
