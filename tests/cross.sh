#!/bin/bash
# Builds for each machine that is named, runs the unit tests under its emulator, then makes dist, and prints a table.
# Warnings are those of what was compiled now: after `make clean` of all. Usage: tests/cross.sh aarch64 riscv64 ...
cd "$(dirname "$0")/.." || exit 1
logs=build/test-logs
mkdir -p "$logs"
failed=0
row() { printf '%-10s %-6s %8s %10s %7s %7s %8s\n' "$@"; }

table=$(row machine builds warnings bytes passed failed skipped)
for machine; do
    log=$logs/cross-$machine.log
    builds=yes bytes=-
    echo "$machine: building, and testing under its emulator ($log)"
    if ${MAKE:-make} -k TARGET="$machine" "build/$machine/lxcbox" > "$log" 2>&1; then
        bytes=$(stat -c %s "build/$machine/lxcbox")
    else
        builds=no failed=1
    fi
    ${MAKE:-make} -k TARGET="$machine" unit >> "$log" 2>&1 || failed=1
    warnings=$(grep -c 'warning:' "$log")
    [ "$warnings" -eq 0 ] || failed=1
    # tests/run's closing line: "N passed, N failed[, N skipped]".
    counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 | tr -d ,)
    read -r passed _ bad _ skipped _ <<< "${counts:-- passed - failed}"
    table+=$'\n'$(row "$machine" "$builds" "$warnings" "$bytes" "$passed" "$bad" "${skipped:-0}")
    grep -E -A15 '^not ok|error:|warning:' "$log"
done
${MAKE:-make} --no-print-directory dist || failed=1
echo "$table"
exit $failed
