# A user at a terminal: lxc-console and lxc-attach, ours and stock LXC's, on containers of either.
. "$(dirname "$0")/../lib.sh"
needs_root
command -v lxc-start > /dev/null || { skip 'terminals across' 'stock LXC is not installed'; exit 0; }
make_container "${INTEROP_NAME:-tt-$$}"
sed -i 's/^root:[^:]*/root:/' "$P/$N/rootfs/etc/shadow"
echo 'export PS1="in# "' > "$P/$N/rootfs/etc/profile"
echo 'lxc.environment = ENV=/etc/profile' >> "$P/$N/config"

command_of() {
    if [ "$1" = stock ]; then
        tool=(${STOCK-} "$2" -P "$P" -n "$N")
    else
        tool=("$LXCBOX" "$2" -P "$P" -n "$N")
    fi
}
on_terminal() { # CALLER COMMAND [OPTION]... < script: on a terminal of 33 rows of 101 columns
    command_of "$1" "$2"
    python3 tests/terminal.py -s 33x101 "${tool[@]}" "${@:3}"
}

consoles() { # CALLER OWNER
    local caller=$1 as="$1 on $2's container:"
    logged_in() {
        on_terminal "$caller" lxc-console -t 1 << 'END'
expect Connected to tty 1
raw
send \r
expect login:
mode
send root\r
expect in#
send stty size\r
expect \n33 101
size 40 120
send sleep 0.3; stty size\r
expect \n40 120
send echo star''ted; od -An -tx1\r
expect \nstarted
send \x01\x01\r\x04
expect 01 0a
send exit\r
expect login:
send \x01q
end
mode
END
    }
    lxc_console_t_1_logs() {
        has "mode: raw" logged_in > "$WORK/session" && grep -q "mode: cooked" "$WORK/session"
        r=$?
        cat "$WORK/session"
        [ $r -eq 0 ]
    }
    t "$as lxc-console -t 1 logs in, passes sizes on, ^a ^a is ^a, ^a q leaves, the terminal is put back" \
        lxc_console_t_1_logs
    t "$as lxc-console -e ^b takes another key" on_terminal "$caller" lxc-console -t 1 -e '^b' << 'END'
expect Ctrl\+b q
raw
send \r
expect login:
send \x01qq\r
expect (Password|login):
send \x02q
end
END
    # Stock's takes no key but a letter, and leaves out its hint with all else.
    [ "$caller" = lxcbox ] && t "$as lxc-console -e ^] takes that key" \
        on_terminal "$caller" lxc-console -t 1 -e '^]' << 'END'
expect Ctrl\+\] q
raw
send \r
expect (Password|login):
send \x1dq
end
END
    for key in -1 ^ 7; do
        t "$as lxc-console -e $key has no such key: ^a q goes to the container" \
            on_terminal "$caller" lxc-console -t 1 -e $key << 'END'
raw
send \r
expect (Password|login):
send \x01q\r
expect (Password|login):
leave
END
    done
    two_consoles() {
        printf '%s\n' 'expect tty 1' leave | on_terminal "$caller" lxc-console &&
            printf '%s\n' 'expect tty 2' raw 'send \x01q' end mode |
            has 'mode: cooked' on_terminal "$caller" lxc-console -t 2
    }
    t "$as lxc-console without a number takes the first free one, and the next" two_consoles
    # Leaving while the container writes ends stock's monitor now and then, whoever leaves: leave it at its prompt.
    t "$as lxc-console -t 0 is the console, which shows a shell" on_terminal "$caller" lxc-console -t 0 << 'END'
expect tty 0
raw
send \r
expect in#
send tty\r
expect /dev/(console|pts/\d+)
expect in#
send \x01q
end
END
    # Stock's monitor keeps the size of a console that is lent to itself.
    [ "$2" = lxcbox ] && t "$as the console gets the size of the terminal" \
        on_terminal "$caller" lxc-console -t 0 << 'END'
expect tty 0
raw
send \r
expect in#
send stty size\r
expect \n33 101
expect in#
send \x01q
end
END
    t "$as lxc-console refuses a terminal that is not there" fails on_terminal "$caller" lxc-console -t 9 <<< end
}

shell_session() {
    on_terminal "$1" lxc-attach -- /bin/sh << 'END'
expect in#
send tty\r
expect /dev/pts/\d+
send stty size\r
expect \n33 101
size 40 120
send sleep 0.3; stty size\r
expect \n40 120
send sh -c "echo star''ted; exec sleep 1000"\r
expect \nstarted
send \x03
expect in#
send echo after $?\r
expect after 130
send sh -c "echo star''ted; exec sleep 1000"\r
expect \nstarted
send \x1a
expect Stopped
send jobs\r
expect Stopped
send kill -9 %1; sleep 0.2\r
expect in#
send jobs; echo ja''ck\r
expect \njack
send exit 7\r
end
END
    [ $? -eq 7 ]
}

interrupted() {
    on_terminal "$1" lxc-attach -- /bin/sh -c 'trap "echo caught; exit 9" INT; echo waits; sleep 1000 & wait' << 'END'
expect waits
send \x03
expect caught
end
END
    [ $? -eq 9 ]
}

killed() {
    on_terminal "$1" lxc-attach -- /bin/sh -c 'echo waits; exec sleep 1000' << 'END'
expect waits
send \x03
end
END
    [ $? -eq 130 ]
}

piped() {
    command_of "$1" lxc-attach
    python3 tests/terminal.py bash -c "$(printf '%q ' "${tool[@]}") -- echo one > $WORK/piped" <<< end \
        > "$WORK/session" &&
        cat "$WORK/piped"
}

kept() {
    rm -f "$WORK/pty"
    on_terminal "$1" lxc-attach -L "$WORK/pty" -- echo shown <<< end && grep shown "$WORK/pty"
}

attaches() { # CALLER OWNER
    local caller=$1 as="$1 on $2's container:"
    t "$as lxc-attach gives a shell with job control, a size, ^C and ^Z" shell_session "$caller"
    t "$as lxc-attach without a command runs the user's shell" \
        on_terminal "$caller" lxc-attach --clear-env -v ENV=/etc/profile << 'END'
expect in#
send echo $((6 * 7)) $(id -u)\r
expect \n42 0
send exit\r
end
END
    t "$as ^C reaches a command that minds it" interrupted "$caller"
    t "$as ^C ends a command that does not, which the status says" killed "$caller"
    t "$as the terminal is put back after lxc-attach" has 'mode: cooked' \
        on_terminal "$caller" lxc-attach -- /bin/true <<< $'end\nmode'
    t "$as what goes into a pipe goes past the terminal" is one piped "$caller"
    t "$as lxc-attach -L keeps what the terminal showed" kept "$caller"
}

session() { # CALLER OWNER
    if [ "$2" = stock ]; then ${STOCK-} lxc-start -P "$P" -n "$N"; else lxcbox lxc-start -P "$P" -n "$N"; fi
    for ((i = 0; i < 500; i++)); do lxcbox lxc-attach -P "$P" "$N" -- pidof getty > /dev/null && break; sleep 0.02; done
    consoles "$@"
    attaches "$@"
    lxcbox lxc-stop -k -P "$P" "$N"
}
[ -n "${STOCK-}" ] || session lxcbox lxcbox
session stock lxcbox
session lxcbox stock

executes() { # CALLER
    on_terminal "$1" lxc-execute -- /bin/sh << 'END'
raw
expect #
send tty\r
expect /dev/pts/\d+
expect #
send sh -c "echo star''ted; exec sleep 1000"\r
expect \nstarted
send \x03
expect #
send exit 4\r
end
END
    [ $? -eq 4 ]
}
[ -n "${STOCK-}" ] || t 'lxcbox: the command of lxc-execute has the terminal, and ^C reaches its jobs' executes lxcbox
t 'stock: the command of lxc-execute has the terminal, and ^C reaches its jobs' executes stock
