#!/bin/bash
# Which product lines the corpus of the fuzz targets reaches, with the inputs that `make fuzz` has found on this
# machine: percent for each target, each module, and in total. No target has applets other than applets/cli. The
# programs are those of `make fuzz-coverage`. Usage: tests/coverage.sh TARGET...
cd "$(dirname "$0")/.." || exit 1
out=build/coverage/profiles
rm -rf "$out"
mkdir -p "$out"

# lines PROFILE: "FILE LINES REACHED" for each product file. Every program has all modules.
lines() {
    llvm-cov export -format=lcov -instr-profile "$1" "build/coverage/bin/$last" 2> "$out/log" |
        awk -v here="$PWD/" -F: '
            /^SF:/ { file = $2; sub(here, "", file) }
            /^LF:/ { found = $2 }
            /^LH:/ { hit = $2 }
            /^end_of_record/ && file ~ /^(core|net|fetch|applets)\// { print file, found, hit }'
}

sum() { # PREFIX
    awk -v name="$1" '{ lines += $2; hit += $3 }
        END { printf "%5.1f %% %6d of %6d lines  %s\n", lines ? 100 * hit / lines : 0, hit, lines, name }'
}

for last; do
    LLVM_PROFILE_FILE=$out/$last.raw ASAN_OPTIONS=detect_leaks=0 timeout 300 "build/coverage/bin/$last" -runs=0 \
        "tests/fuzz/corpus/$last" $(ls -d "build/fuzz/new/$last" 2> /dev/null) > "$out/$last.log" 2>&1 ||
        { echo "not ok the corpus of $last runs"; tail -n 20 "$out/$last.log"; exit 1; }
    llvm-profdata merge -o "$out/$last.profile" "$out/$last.raw" || exit
done
echo 'By target:'
for last; do lines "$out/$last.profile" | sum "$last"; done
llvm-profdata merge -o "$out/all" "$out"/*.profile || exit
lines "$out/all" > "$out/files"
echo 'By module:'
sed -E 's|/[^/ ]+ | |' "$out/files" | awk '{ lines[$1] += $2; hit[$1] += $3 }
    END { for (m in lines) printf "%5.1f %% %6d of %6d lines  %s\n", 100 * hit[m] / lines[m], hit[m], lines[m], m }' |
    sort -k 7
sum total < "$out/files"
