# GPUs through NVIDIA's library, played by one of our own: values arrive, errors become reasons, and whatever the library does, the recording is whole.
. "$ROOT/tests/cli/_lib.sh"

mkdir "$T/nvml" "$T/old"
cc -shared -fPIC -o "$T/nvml/libnvidia-ml.so.1" "$ROOT/tests/cli/system/_nvml.c" || give_up "cc fails"
cc -shared -fPIC -DWITHOUT_LISTS -o "$T/old/libnvidia-ml.so.1" "$ROOT/tests/cli/system/_nvml.c" || give_up "cc fails"
echo 'int unrelated;' | cc -shared -fPIC -o "$T/other.so" -x c - || give_up "cc fails"
export NVML_FAKE_PID=$T/pid
s() { value ".system[] | select(.name == \"$1\") | .$2"; }
# fake MODE [FOLDER]: a recording of 0.5 s with the library in this mood
fake() {
	rm -f "$T/pid"
	NVML_FAKE=$1 LD_LIBRARY_PATH=$T/${2:-nvml} record --monitor=10 /bin/sh -c "echo \$\$ >$T/pid; exec env -u LD_LIBRARY_PATH sleep 0.5"
	eq "status with a library that $1" 0 $status
	report
	whole
}
# unseen MODE SERIES PATTERN: the series has no values, and the reason reads so
unseen() {
	eq "status of $2 with a library that $1" not_observable "$(s "$2" status)"
	s "$2" reason >"$T/reason"
	has "$T/reason" "$3"
}

fake works
eq "gpu_memory" "observed bytes $((200 << 20))" "$(s gpu_memory status) $(s gpu_memory unit) $(s gpu_memory max)"
eq "gpu_utilisation" "percent 60 60" "$(s gpu_utilisation unit) $(s gpu_utilisation min) $(s gpu_utilisation max)"
eq "gpu_device_memory" $((6 << 30)) "$(s gpu_device_memory last)"
ge "samples" 3 "$(s gpu_memory samples)"
has "$T/report.txt" '^SYSTEM '
"$BIN/memscope-analyze" --section=system "$trace" >"$T/text"
has "$T/text" '^  gpu_memory +200 MiB '
has "$T/text" '^  gpu_utilisation +60 % '

fake driver
for series in gpu_memory gpu_utilisation gpu_device_memory; do unseen driver $series '^nvmlInit: Driver Not Loaded \(9\)$'; done
fake none
unseen none gpu_memory '^NVML knows no GPU$'
fake refuses
unseen refuses gpu_memory '^list of processes: Not Supported \(3\)$'
fake other
unseen other gpu_memory '^the process is not among those that NVML lists on 2 GPUs$'
fake hides
unseen hides gpu_memory '^the driver does not tell the memory of a process$'
unseen hides gpu_utilisation '^NVML had no sample of the process$'
eq "gpu_device_memory" observed "$(s gpu_device_memory status)"
fake crash
unseen crash gpu_memory '^libnvidia-ml.so.1 ended the process that asked it with signal 6$'
fake hang
unseen hang gpu_memory '^NVML had not answered when the recording ended$'
fake exit
unseen exit gpu_memory '^libnvidia-ml.so.1 ended the process that asked it$'
fake closes
unseen closes gpu_memory '^libnvidia-ml.so.1 ended the process that asked it'
fake lies
unseen lies gpu_memory '^the process is not among'
fake works old
unseen old gpu_memory '^libnvidia-ml.so.1 has no list of processes$'
cp "$T/other.so" "$T/old/libnvidia-ml.so.1"
fake works old
unseen unrelated gpu_memory '^libnvidia-ml.so.1 has no nvmlDeviceGet'

# What is over before the second sample does not pay for it, and says so.
LD_LIBRARY_PATH=$T/nvml record --monitor=60000 sleep 0.1
report
case $(value '.system | length') in
0) eq "reason" "the program ended before the first sample" "$(value .system_reason)" ;;
*) unseen short gpu_memory '^the program ended before NVML was asked$' ;;
esac
# No helper is left.
eq "helpers" "" "$(ps -eo comm,args | grep -F "$T" | grep '^memscope-gpu' || true)"
