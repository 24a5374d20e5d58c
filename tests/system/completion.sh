# Completion in bash: what is offered is what is parsed, and the names of containers.
. tests/lib.sh

mkdir -p "$WORK/bin" "$WORK/lxc/one" "$WORK/lxc/other" "$WORK/directory/inner"
touch "$WORK/lxc/one/config" "$WORK/lxc/other/config" "$WORK/directory/file"
lxcbox --install -s "$WORK/bin"
ln -sf "$LXCBOX" "$WORK/bin/lxcbox"

offers() { # WANTED WORD...: what is offered for the last of the words, in one line
    local want=$1
    shift
    is "$want" env PATH="$WORK/bin:$PATH" bash -c '
        eval "$(lxcbox --completion bash)"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _lxcbox "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf "%s\n" "${COMPREPLY[@]}" | sort | paste -sd " "' - "$@"
}
t 'applets are offered' offers 'lxc-freeze' lxcbox lxc-fr
t 'options are offered' offers '--lxcpath' lxc-info --lx
t 'options of an applet named after lxcbox are offered' offers '--lxcpath' lxcbox lxc-info --lx
t 'options of lxcbox are offered' offers '--completion' lxcbox --comp
t 'containers are offered' offers 'one other' lxc-info -P "$WORK/lxc" o
t 'containers are offered after -n' offers 'other' lxc-stop -P "$WORK/lxc" -n ot
t 'containers are offered after --lxcpath=' offers 'one' lxc-stop --lxcpath = "$WORK/lxc" -n on
t 'directories are offered where one is wanted' offers "$WORK/directory" lxc-ls -P "$WORK/di"
t 'files are offered where one is wanted' \
    offers "$WORK/directory/file $WORK/directory/inner" lxc-info -o "$WORK/directory/"
t 'states are offered' offers 'FREEZING FROZEN' lxc-wait -n one -s F
t 'applets are offered where one is wanted' offers 'lxc-freeze' lxcbox --options lxc-fr
t 'nothing is offered for a number' offers '' lxc-wait -n one -t ''
every() { # option of every applet
    local applet
    for applet in $(lxcbox --list | grep ^lxc-); do
        offers "$(lxcbox --options "$applet" | cut -d ' ' -f 1 | grep ^-- | sort -u | paste -sd ' ')" \
            "$applet" -- ||
            { echo "$applet"; return 1; }
    done
}
t 'every long option of every applet is offered' every
typed() { # by a person at the keyboard
    TERM=dumb PATH="$WORK/bin:$PATH" python3 tests/terminal.py bash --norc << END
raw
send eval "\$(lxcbox --completion bash)"; echo re''ady\r
expect \nready
raw
send lxc-info -P $WORK/lxc ot\t
expect other 
send \x15lxc-wait -n other --ti\t
expect --timeout
send \x15exit\r
end
END
}
t 'the Tab key completes a name and an option in bash' typed
t 'another shell is refused' refuses 'no completion script for shell "csh"' lxcbox --completion csh
