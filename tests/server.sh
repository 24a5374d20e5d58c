# An image server for the test scripts: a real nginx with a certificate authority of its own, on loopback, in the
# layout of images.linuxcontainers.org. Source it after tests/lib.sh; needs nginx and openssl.
#
# server_start DIR           makes DIR (with DIR/www to serve from) and starts the server. Sets
#                              SERVER       localhost:PORT, for --server; HTTPS on 127.0.0.1 and ::1
#                              HTTP_SERVER  the same files without TLS: http://localhost:PORT
#                              CA_FILE      the authority to trust: --ca-file "$CA_FILE" or SSL_CERT_FILE
#                              WWW          DIR/www
#                            and registers its end as a cleanup. One at a time for each script.
# server_image DIST RELEASE ARCH VARIANT BUILD ROOTFS.tar.xz META.tar.xz
#                            puts an image there (copied), and a line into both indexes, in place of an older
#                            build's. Sets IMAGE_PATH to its directory below WWW.
# server_streams             writes streams/v1/ for all images there, with the SHA-256 of their rootfs.tar.xz
# server_meta FILE LINE...   makes a meta.tar.xz whose config has these lines
# server_certificate SAN [START END]
#                            another certificate, e.g. server_certificate DNS:other.example 20200101000000Z
#                            20210101000000Z (UTC), and takes it into use. SERVER_KEY=rsa:2048 before it
#                            makes it one of that kind of key
# server_config LINE...      adds lines to the TLS server's part of nginx.conf until the next call, and takes
#                            them into use
# server_stop, server_again  end it, start it again on the same ports
# server_log                 prints a line for each request since the last server_log: "STATUS METHOD PATH RANGE
#                            CONNECTION", the range "-" for none, the connection by a number

server_start() {
    local tries
    SERVER_DIR=$1 WWW=$1/www CA_FILE=$1/ca.pem SERVER_LINES=
    mkdir -p "$WWW/meta/1.0" "$WWW/images" "$SERVER_DIR/temp"
    : > "$WWW/meta/1.0/index-system"
    : > "$WWW/meta/1.0/index-user"
    server_authority || return 1
    server_make_certificate 'DNS:localhost,IP:127.0.0.1,IP:::1' || return 1
    cleanup server_stop
    for tries in 1 2 3 4 5 6 7 8; do
        SERVER_PORT=$((20000 + RANDOM % 20000))
        SERVER=localhost:$SERVER_PORT
        HTTP_SERVER=http://localhost:$((SERVER_PORT + 1))
        server_again && return
    done
    cat "$SERVER_DIR/error.log"
    return 1
}

server_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj \
        '/CN=lxcbox test authority' -days 30 -keyout "$SERVER_DIR/ca.key" -out "$CA_FILE" \
        2> "$SERVER_DIR/openssl.log" ||
        { cat "$SERVER_DIR/openssl.log"; return 1; }
}

server_make_certificate() { # SAN [START END]
    local san=$1 start=${2:-$(date -u -d yesterday +%Y%m%d%H%M%SZ)} end=${3:-$(date -u -d '30 days' +%Y%m%d%H%M%SZ)}
    cat > "$SERVER_DIR/ca.conf" << END
[ca]
default_ca = here
[here]
database = $SERVER_DIR/ca.index
new_certs_dir = $SERVER_DIR/temp
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[server]
subjectAltName = $san
END
    : > "$SERVER_DIR/ca.index"
    {
        openssl req -newkey ${SERVER_KEY:-ec -pkeyopt ec_paramgen_curve:P-256} -nodes -subj \
            "/CN=lxcbox test server" -keyout "$SERVER_DIR/server.key" -out "$SERVER_DIR/server.csr" &&
            openssl ca -batch -config "$SERVER_DIR/ca.conf" -extensions server -startdate "$start" \
                -enddate "$end" -notext -cert "$CA_FILE" -keyfile "$SERVER_DIR/ca.key" \
                -in "$SERVER_DIR/server.csr" -out "$SERVER_DIR/server.pem"
    } > "$SERVER_DIR/openssl.log" 2>&1 || { cat "$SERVER_DIR/openssl.log"; return 1; }
}

server_certificate() {
    server_make_certificate "$@" && server_stop && server_again
}

server_config() {
    SERVER_LINES=$(printf '%s\n' "$@")
    server_stop
    server_again
}

server_write_config() {
    local six=
    [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6 && six=1
    cat > "$SERVER_DIR/nginx.conf" << END
user root;
worker_processes 1;
pid $SERVER_DIR/nginx.pid;
error_log $SERVER_DIR/error.log;
events { worker_connections 256; }
http {
    log_format short '\$status \$request_method \$uri \$http_range \$connection';
    access_log $SERVER_DIR/access.log short;
    client_body_temp_path $SERVER_DIR/temp;
    proxy_temp_path $SERVER_DIR/temp;
    fastcgi_temp_path $SERVER_DIR/temp;
    uwsgi_temp_path $SERVER_DIR/temp;
    scgi_temp_path $SERVER_DIR/temp;
    root $WWW;
    server {
        listen 127.0.0.1:$SERVER_PORT ssl;
        ${six:+listen [::1]:$SERVER_PORT ssl;}
        ssl_certificate $SERVER_DIR/server.pem;
        ssl_certificate_key $SERVER_DIR/server.key;
        $SERVER_LINES
    }
    server {
        listen 127.0.0.1:$((SERVER_PORT + 1));
        ${six:+listen [::1]:$((SERVER_PORT + 1));}
    }
}
END
}

server_again() {
    server_write_config
    nginx -p "$SERVER_DIR" -c "$SERVER_DIR/nginx.conf" 2> "$SERVER_DIR/start.log"
}

server_stop() {
    local pid workers
    pid=$(cat "$SERVER_DIR/nginx.pid" 2> /dev/null) || return 0
    workers=$(cat "/proc/$pid/task/$pid/children" 2> /dev/null)
    # (By env, not by the shell, which sends nothing to a pid that once was a child of its own.)
    env kill "$pid"
    # Its workers too: the ports are free once all are gone. Some systems' init takes seconds to reap zombies. A signal
    # that comes while nginx has just started is noted and not acted on before the next one.
    for pid in $pid $workers; do
        while grep -q '^State:.[^Z]' "/proc/$pid/status" 2> /dev/null; do
            env kill "$pid" 2> /dev/null
            sleep 0.01
        done
    done
    rm -f "$SERVER_DIR/nginx.pid"
}

server_image() {
    local index
    IMAGE_PATH=images/$1/$2/$3/$4/$5
    mkdir -p "$WWW/$IMAGE_PATH"
    cp "$6" "$WWW/$IMAGE_PATH/rootfs.tar.xz"
    cp "$7" "$WWW/$IMAGE_PATH/meta.tar.xz"
    for index in "$WWW/meta/1.0/index-system" "$WWW/meta/1.0/index-user"; do
        sed -i "\\|^$1;$2;$3;$4;|d" "$index"
        echo "$1;$2;$3;$4;$5;/$IMAGE_PATH/" >> "$index"
    done
}

server_streams() {
    mkdir -p "$WWW/streams/v1"
    python3 - "$WWW" << 'END'
import glob, hashlib, json, os, sys
www = sys.argv[1]
products = {}
for path in sorted(glob.glob(www + '/images/*/*/*/*/*/rootfs.tar.xz')):
    path = os.path.relpath(path, www)
    dist, release, arch, variant, build = path.split('/')[1:6]
    data = open(os.path.join(www, path), 'rb').read()
    name = ':'.join((dist, release, arch, variant))
    product = products.setdefault(name, {'aliases': '/'.join((dist, release, variant)), 'arch': arch, 'os': dist,
        'release': release, 'variant': variant, 'requirements': {}, 'versions': {}})
    product['versions'][build] = {'items': {
        'incus.tar.xz': {'ftype': 'incus.tar.xz', 'sha256': '0' * 64, 'size': 100,
                         'path': os.path.dirname(path) + '/incus.tar.xz'},
        'root.tar.xz': {'ftype': 'root.tar.xz', 'sha256': hashlib.sha256(data).hexdigest(),
                        'size': len(data), 'path': path}}}
json.dump({'content_id': 'images', 'datatype': 'image-downloads', 'format': 'products:1.0', 'products': products},
    open(www + '/streams/v1/images.json', 'w'))
json.dump({'format': 'index:1.0', 'index': {'images': {'datatype': 'image-downloads', 'format': 'products:1.0',
    'path': 'streams/v1/images.json', 'products': list(products)}}}, open(www + '/streams/v1/index.json', 'w'))
END
}

server_meta() {
    local file=$1 dir
    shift
    dir=$(mktemp -d "$WORK/meta.XXXXXX")
    printf '%s\n' "$@" > "$dir/config"
    echo 'image for a test' > "$dir/create-message"
    echo $(($(date +%s) + 86400)) > "$dir/expiry"
    tar -cJf "$file" -C "$dir" .
    rm -r "$dir"
}

server_log() {
    cat "$SERVER_DIR/access.log"
    : > "$SERVER_DIR/access.log"
}
