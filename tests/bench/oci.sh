#!/bin/bash
# Pull and create of an image of five layers, by default 300 MB in all, from a registry on this machine, as root:
# lxc-create -t oci against skopeo copy with umoci unpack, and against podman pull where podman is installed. Wall
# time, processor time and peak memory, medians of RUNS (3) runs in turn. `make bench`, or by hand: MB=60 RUNS=5
# tests/bench/oci.sh
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh
needs_root
for program in umoci skopeo docker-registry; do
    command -v $program > /dev/null || { skip 'pull and create of an image' "$program is not installed"; exit 0; }
done
MB=${MB:-300} RUNS=${RUNS:-3} port=${PORT:-15907}
export LXC_CACHE_PATH=$WORK/cache

# layer NUMBER: files of 64 KB, of words that compress to less than half
layer() {
    python3 - "$WORK/bundle/rootfs/layer$1" "$1" $((MB * 16 / 5)) << 'END'
import os, random, sys
directory, seed, files = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
numbers = random.Random(seed)
words = [numbers.randbytes(numbers.randint(3, 12)) for _ in range(4096)]
for i in range(files):
    os.makedirs("%s/%d" % (directory, i // 100), exist_ok=True)
    with open("%s/%d/%d" % (directory, i // 100, i), "wb") as f:
        f.write(b"".join(numbers.choices(words, k=8800))[:65536])
END
}
image_make() {
    umoci init --layout "$WORK/image" && umoci new --image "$WORK/image:big" || return
    umoci unpack --image "$WORK/image:big" "$WORK/bundle" || return
    for i in 1 2 3 4 5; do
        layer $i && umoci repack --refresh-bundle --image "$WORK/image:big" "$WORK/bundle" || return
    done
    umoci config --image "$WORK/image:big" --config.cmd /bin/true
    rm -rf "$WORK/bundle"
}
registry_start() {
    printf '%s\n' 'version: 0.1' 'log: {level: error}' "storage: {filesystem: {rootdirectory: $WORK/registry}}" \
        "http: {addr: '127.0.0.1:$port'}" > "$WORK/registry.yml"
    docker-registry serve "$WORK/registry.yml" > "$WORK/registry.log" 2>&1 &
    cleanup "kill $!"
    for _ in $(seq 100); do
        ! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || return 0
        sleep 0.1
    done
    return 1
}
must image_make
must registry_start
must skopeo copy --dest-tls-verify=false "oci:$WORK/image:big" "docker://127.0.0.1:$port/big:1"
rm -rf "$WORK/image"

ours() { "$LXCBOX" lxc-create -q -P "$WORK/lxc" -n big -t oci -- --plain-http --url "docker://127.0.0.1:$port/big:1"; }
theirs() {
    skopeo copy -q --src-tls-verify=false "docker://127.0.0.1:$port/big:1" "oci:$WORK/copy:big" &&
        umoci unpack --image "$WORK/copy:big" "$WORK/unpacked"
}
podmans() {
    podman --root "$WORK/podman" --runroot "$WORK/podman-run" pull -q --tls-verify=false "127.0.0.1:$port/big:1"
}
export -f ours theirs podmans
export LXCBOX WORK port
forget() { rm -rf "$WORK"/{lxc,cache,copy,unpacked,podman,podman-run}; }

# measure FUNCTION: prints wall seconds, processor seconds and the peak of the largest process in MB
measure() {
    python3 - "$1" << 'END'
import os, subprocess, sys, time
begin = time.monotonic()
child = subprocess.Popen(["bash", "-c", sys.argv[1]], stdout=subprocess.DEVNULL)
status, usage = os.wait4(child.pid, 0)[1:]
print("%.2f %.2f %.0f" % (time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
sys.exit(1 if status else 0)
END
}
sides=(ours theirs)
! command -v podman > /dev/null || sides+=(podmans)
for ((i = 0; i < RUNS; i++)); do
    for side in "${sides[@]}"; do
        forget
        mkdir -p "$WORK/lxc"
        sync
        measure "$side" >> "$WORK/$side.times" 2> "$WORK/error" || { cat "$WORK/error"; exit 1; }
    done
done
forget
median() { sort -n -k "$2,$2" "$WORK/$1.times" | awk -v k="$2" '{ v[NR] = $k } END { print v[int((NR + 1) / 2)] }'; }
echo "five layers, $MB MB unpacked, RUNS=$RUNS, $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"
printf '%-36s %8s %10s %8s\n' '' 'wall s' 'processor s' 'peak MB'
names=([0]='lxc-create -t oci' [1]='skopeo copy and umoci unpack' [2]='podman pull')
for ((i = 0; i < ${#sides[@]}; i++)); do
    side=${sides[i]}
    printf '%-36s %8s %10s %8s\n' "${names[i]}" "$(median $side 1)" "$(median $side 2)" "$(median $side 3)"
done
for side in "${sides[@]:1}"; do
    awk -v o="$(median ours 1)" -v t="$(median "$side" 1)" -v s="${side}" \
        'BEGIN { printf "faster than %s: %.1f times (target: at least 1.5)\n", s, t / o }'
done
