# Where the dependencies' sources come from: the Debian archive by this machine's apt settings, or DISTDIR.
. tests/lib.sh
sources() { env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory sources names=yajl "$@"; }

if why=$(sources 2>&1); then
    replaced() {
        has \
            '^yajl: building version 2\.1\.0-[^ ]*, since the archive does not have 2\.1\.0-0\.1 any more$' \
            sources YAJL_VERSION=2.1.0-0.1
    }
    t 'a pinned version that was replaced gives way to a newer revision, which is reported' replaced
    other_upstream() {
        ! sources YAJL_VERSION=2.0.0-1 2> "$WORK/said" && grep 'cannot fetch yajl 2.0.0-1' "$WORK/said"
    }
    t 'another upstream version is not taken instead' other_upstream
else
    skip 'sources come from the Debian archive' "${why##*$'\n'}"
fi

version=$(sed -n 's/^YAJL_VERSION = //p' config.mk)
if [ -e "build/deps/dist/yajl_$version.dsc" ]; then
    mkdir "$WORK/good" "$WORK/bad" "$WORK/empty"
    cp build/deps/dist/yajl_* "$WORK/good"
    t 'DISTDIR serves instead of the archive' sources DISTDIR="$WORK/good"
    forged() {
        ! sources DISTDIR="$WORK/good" YAJL_SHA256="$(printf '%064d' 0)" 2> "$WORK/said" &&
            grep 'SHA-256 is not the one that config.mk names' "$WORK/said"
    }
    t 'a file with another SHA-256 is refused' forged
    absent() { ! sources DISTDIR="$WORK/empty" 2> "$WORK/said" && grep "has no yajl_" "$WORK/said"; }
    t 'a directory without the source is named' absent
else
    skip 'DISTDIR serves instead of the archive' 'there are no sources in build/deps/dist'
fi

# settings FILE: which mirrors the recipes find in apt settings
program=$(sed -n '/^define mirrors$/,/^endef$/p' deps.mk | sed '1d; $d; s/\$\$/$/g')
settings() { awk "$program" | sort -u | paste -sd' '; }
one_line() {
    settings << 'END'
deb [arch=amd64 signed-by=/k] http://m/debian trixie main
# deb http://no/debian trixie main
deb http://s/debian-security bookworm-security main
deb http://other/repo nodistro main
END
}
t 'the mirrors are found in one-line settings' has '^main http://m/debian security http://s/debian-security$' one_line
stanzas() {
    settings << 'END'
Types: deb
URIs: http://m/debian http://n/debian
Suites: trixie trixie-updates
Signed-By:
 -----BEGIN
 .

Enabled: no
URIs: http://off/debian
Suites: sid

URIs: http://s/sec
Suites: trixie-security
END
}
t 'the mirrors are found in deb822 settings' \
    has '^main http://m/debian main http://n/debian security http://s/sec$' stanzas
