# The registry of tests/registry.py behind TLS with a certificate authority of its own. Source it after tests/lib.sh and
# tests/server.sh; needs python3 and openssl.
#
# registry_start DIR   starts it, and registers its end as a cleanup. Sets
#                        REGISTRY      127.0.0.1:PORT
#                        CA_FILE       the authority to trust
#                        REGISTRY_LOG  a line "METHOD PATH AUTHORIZATION" for each request

registry_start() {
    SERVER_DIR=$1 CA_FILE=$1/ca.pem REGISTRY_LOG=$1/requests
    mkdir -p "$SERVER_DIR/temp"
    server_authority && server_make_certificate 'DNS:localhost,IP:127.0.0.1' || return 1
    python3 tests/registry.py serve "$1/server.pem" "$1/server.key" "$1/port" "$REGISTRY_LOG" 2> "$1/registry.err" &
    cleanup "kill $!"
    for _ in $(seq 100); do
        [ -e "$1/port" ] && break
        sleep 0.1
    done
    REGISTRY=127.0.0.1:$(cat "$1/port")
}
