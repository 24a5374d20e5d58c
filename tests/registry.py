# A registry whose behaviour is chosen by the name of the repository, and images with difficult layers, for
# tests/system/oci.sh and oci-hostile.sh.
#
#     registry.py layout DIR                  writes an OCI image layout with the images "one" and "two"
#     registry.py serve CERT KEY FILE LOG     serves HTTPS on 127.0.0.1 at a port that it writes to FILE; a line
#                                             "METHOD PATH AUTHORIZATION" for each request goes to LOG
import gzip, hashlib, http.server, io, json, os, ssl, sys, tarfile, threading, time

MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
INDEX = 'application/vnd.oci.image.index.v1+json'
CONFIG = 'application/vnd.oci.image.config.v1+json'
LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
BASIC = 'Basic dXNlcjpzM2NyZXQ6eA=='


NESTED = json.dumps({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': []}).encode()


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def archive(*entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as tar:
        for name, kind, what, extra in entries:
            info = tarfile.TarInfo(name)
            info.mtime = 1700000000
            data = b''
            info.mode = {'dir': 0o755}.get(kind, 0o644)
            if kind == 'file':
                data = what
                info.size = len(data)
            elif kind in ('link', 'hard'):
                info.linkname = what
            info.type = {'dir': tarfile.DIRTYPE, 'file': tarfile.REGTYPE, 'link': tarfile.SYMTYPE,
                         'hard': tarfile.LNKTYPE, 'fifo': tarfile.FIFOTYPE}[kind]
            for key, value in (extra or {}).items():
                if key == 'xattr':
                    info.pax_headers = {'SCHILY.xattr.' + k: v for k, v in value.items()}
                else:
                    setattr(info, key, value)
            tar.addfile(info, io.BytesIO(data) if kind == 'file' else None)
    return out.getvalue()


def difficult(name):
    """Layers with whiteouts, opaque directories, hard links across layers and replaced types."""
    base = archive(
        ('etc', 'dir', None, None), ('etc/keep', 'file', b'keep', {'uid': 7, 'gid': 8, 'mode': 0o4755}),
        ('etc/gone', 'file', b'gone', None), ('opaque', 'dir', None, None), ('opaque/old', 'file', b'old', None),
        ('opaque/deep', 'dir', None, None), ('opaque/deep/old', 'file', b'old', None),
        ('replaced', 'dir', None, None), ('replaced/in', 'file', b'in', None), ('was-file', 'file', b'x', None),
        ('was-link', 'link', 'etc', None), ('kept-link', 'link', 'opaque', None),
        ('tree', 'dir', None, None), ('tree/a', 'dir', None, None), ('tree/a/b', 'file', b'b', None),
        ('marked', 'file', b'marked', {'xattr': {'user.color': 'red', 'user.shape': 'round'}}))
    if name == 'one':
        return [base, archive(
            ('etc/.wh.gone', 'file', b'', None), ('opaque', 'dir', None, {'mode': 0o700}),
            ('opaque/.wh..wh..opq', 'file', b'', None), ('opaque/new', 'file', b'new', None),
            ('replaced', 'link', 'etc', None), ('was-file', 'dir', None, None), ('was-file/in', 'file', b'i', None),
            ('was-link', 'dir', None, None), ('was-link/own', 'file', b'own', None),
            ('hard', 'hard', 'etc/keep', None), ('.wh.tree', 'file', b'', None)), archive(
            ('hard2', 'hard', 'hard', None), ('tree', 'fifo', None, {'mode': 0o600}),
            ('marked', 'file', b'again', None))]
    return [base, archive(
        ('opaque/new', 'file', b'new', None), ('opaque/.wh..wh..opq', 'file', b'', None),
        ('tree/a', 'file', b'now a file', None), ('tree/.wh.nothing', 'file', b'', None),
        ('etc/keep', 'link', 'new', None), ('was-file', 'fifo', None, None)), archive(
        ('was-file', 'file', b'y', {'mode': 0o2711}), ('.wh.replaced', 'file', b'', None),
        ('replaced', 'file', b'back', None), ('hard', 'hard', 'opaque/new', None)), archive(
        ('opaque/.wh.new', 'file', b'', None), ('etc', 'dir', None, {'mode': 0o711, 'mtime': 1600000000}))]


class Image:
    def __init__(self, layers, settings=None, **more):
        self.blobs = {}
        packed = [gzip.compress(layer, mtime=0) for layer in layers]
        config = {'architecture': 'amd64' if os.uname().machine == 'x86_64' else 'arm64', 'os': 'linux',
                  'config': settings or {'Cmd': ['/bin/sh']},
                  'rootfs': {'type': 'layers', 'diff_ids': more.get('diff_ids') or [digest(x) for x in layers]}}
        text = json.dumps(config).encode()
        self.layers = [self.add(LAYER, x) for x in packed]
        self.config = self.add(CONFIG, text)
        self.document = {'schemaVersion': 2, 'mediaType': MANIFEST, 'config': self.config, 'layers': self.layers}

    def add(self, kind, data):
        self.blobs[digest(data)] = data
        return {'mediaType': kind, 'digest': digest(data), 'size': len(data)}

    def manifest(self):
        return json.dumps(self.document).encode()


def layout(directory):
    os.makedirs(directory + '/blobs/sha256')
    entries = []
    for name in ('one', 'two'):
        image = Image(difficult(name))
        entry = image.add(MANIFEST, image.manifest())
        entry['annotations'] = {'org.opencontainers.image.ref.name': name}
        entries.append(entry)
        for key, data in image.blobs.items():
            open(directory + '/blobs/sha256/' + key[7:], 'wb').write(data)
    json.dump({'schemaVersion': 2, 'manifests': entries}, open(directory + '/index.json', 'w'))
    json.dump({'imageLayoutVersion': '1.0.0'}, open(directory + '/oci-layout', 'w'))


ROOT = archive(('etc', 'dir', None, None), ('etc/passwd', 'file', b'root:x:0:0::/root:/bin/sh\n'
               b'web:x:33:34::/srv/web:/bin/sh\n', None),
               ('etc/group', 'file', b'more:x:50:web\nmost:x:51:a,web\n', None),
               ('data', 'dir', None, {'uid': 33, 'gid': 34, 'mode': 0o750}), ('data/first', 'file', b'1', None))


def settings_of(name):
    text = 'b\nlxc.hook.pre-start = /bin/false'
    own = {
        'lines': {'Env': ['A=' + text], 'Cmd': ['/bin/sh', text], 'Labels': {'l': text, text: 'l'}},
        'nul': {'Env': ['A=b\0c'], 'Cmd': ['/bin/sh']},
        'nul-cmd': {'Cmd': ['/bin/sh', 'b\0c']},
        'line-volume': {'Volumes': {'/' + text: {}}}, 'up-volume': {'Volumes': {'/../../out': {}}},
        'line-directory': {'WorkingDir': '/' + text}, 'line-signal': {'StopSignal': text},
        'line-user': {'User': text}, 'line-port': {'ExposedPorts': {'80/tcp' + text: {}}},
        'quotes': {'Cmd': ['"/bin/sh', 'b"'], 'Env': ['"A=b"']},
        'all': {'User': 'web', 'Env': ['A=b'], 'Entrypoint': ['/bin/echo', 'x'], 'Cmd': ['y z'],
                'WorkingDir': '/made/here', 'StopSignal': 'SIGQUIT', 'Volumes': {'/data': {}},
                'ExposedPorts': {'80/tcp': {}}, 'Labels': {'a': 'b'}},
        'stranger': {'User': 'nobody-here'},
    }.get(name, {})
    return {'Cmd': ['/bin/sh'], **own}


def image_of(name):
    image = Image([ROOT], settings_of(name))
    if name == 'wrong-config':
        image.blobs[image.config['digest']] = image.blobs[image.config['digest']].replace(b'linux', b'Linux')
    elif name == 'wrong-layer':
        image.blobs[image.layers[0]['digest']] = gzip.compress(ROOT, 1, mtime=7)[:image.layers[0]['size']].ljust(
            image.layers[0]['size'], b'\0')
    elif name == 'long-layer':
        image.blobs[image.layers[0]['digest']] += b'more' * 1000
    elif name == 'short-layer':
        image.blobs[image.layers[0]['digest']] = image.blobs[image.layers[0]['digest']][:-9]
    elif name == 'wrong-diff':
        image = Image([ROOT], None, diff_ids=[digest(b'other')])
    elif name == 'many-passwd':
        image = Image([archive(('etc', 'dir', None, None), ('etc/passwd', 'file', b'a:x:1:1::/:\n' * 1000000, None))])
    elif name == 'fifo-passwd':
        image = Image([archive(('etc', 'dir', None, None), ('etc/passwd', 'fifo', None, None))])
    elif name == 'path-digest':
        image.document['layers'][0]['digest'] = 'sha256:../../../../etc/passwd'
    elif name == 'both':
        image.document['manifests'] = [image.config]
    elif name == 'schema1':
        image.document = {'schemaVersion': 1, 'fsLayers': []}
    elif name == 'artifact':
        image.document['config']['mediaType'] = 'application/vnd.example.thing+json'
    elif name == 'climbs':
        image = Image([archive(('etc', 'dir', None, None), ('../../out', 'file', b'out', None))])
    elif name == 'layers':
        image.document['layers'] = image.layers * 5000
    return image


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def answer(self, status, data=b'', **headers):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(data)

    def do_GET(self):
        given = self.headers.get('Authorization', '-')
        with lock:
            print(self.command, self.path, given, file=log, flush=True)
        if self.path.startswith('/token-endless'):
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            try:
                while True:
                    self.wfile.write(b' ' * 65536)
            except OSError:
                return
        if self.path.startswith('/token'):
            if given != BASIC and 'anonymous' not in self.path:
                return self.answer(401)
            return self.answer(200, json.dumps({'token': 'T%d' % len(tokens)}).encode())
        if self.path.startswith('/elsewhere/'):
            return self.answer(200, image_of('good').blobs.get(self.path[11:], b''))
        name, kind, which = self.path[4:].split('/', 2)
        own = 'https://%s' % self.headers['Host']
        if name == 'basic' and given != BASIC:
            return self.answer(401, WWW_Authenticate='Basic realm="x"')
        if name in ('bearer', 'anonymous') and not given.startswith('Bearer T'):
            return self.answer(401, WWW_Authenticate='Bearer realm="%s/token/%s",service="s"' % (own, name))
        if name == 'expires' and kind == 'blobs' and given == 'Bearer T0' or name == 'expires' and given == '-':
            tokens.append(1) if given != '-' else None
            return self.answer(401, WWW_Authenticate='Bearer realm="%s/token/anonymous",service="s"' % own)
        if name == 'other-realm':
            realm = own.replace('127.0.0.1', 'localhost').replace('https://localhost', 'https://other.example')
            return self.answer(401, WWW_Authenticate='Bearer realm="%s/token/x"' % realm)
        if name == 'http-realm':
            return self.answer(401, WWW_Authenticate='Bearer realm="http://%s/token/x"' % self.headers['Host'])
        if name == 'endless-token':
            return self.answer(401, WWW_Authenticate='Bearer realm="%s/token-endless"' % own)
        if name == 'busy' and not busy:
            busy.append(1)
            return self.answer(429, Retry_After='1')
        image = image_of(name)
        if kind == 'blobs':
            if which not in image.blobs:
                return self.answer(404)
            if name == 'downgrade':
                return self.answer(307, Location='http://%s/elsewhere/%s' % (self.headers['Host'], which))
            if name == 'basic':
                return self.answer(307, Location='https://localhost:%d/elsewhere/%s' % (port, which))
            return self.answer(200, image.blobs[which])
        if kind == 'tags':
            return self.answer(200, json.dumps({'name': name, 'tags': ['alpha', 'beta']}).encode())
        if name == 'no-tag' and which == 'latest':
            return self.answer(404)
        data, media = image.manifest(), MANIFEST
        if name == 'nested':
            data, media = NESTED, INDEX
        if name in ('nested', 'loop', 'bomb', 'wrong-manifest', 'choice') and not which.startswith(digest(data)):
            entry = {'mediaType': INDEX if name in ('nested', 'loop') else MANIFEST, 'digest': digest(data),
                     'size': len(data), 'platform': {'os': 'linux', 'architecture': json.loads(
                         image.blobs[image.config['digest']])['architecture']}}
            if name == 'loop':
                entry['digest'] = 'sha256:' + '1' * 64
            unknown = dict(entry, digest='sha256:' + '2' * 64, platform={'os': 'unknown', 'architecture': 'unknown'})
            other = dict(entry, digest='sha256:' + '3' * 64, platform={'os': 'linux', 'architecture': 's390x'})
            entries = [unknown, other, entry] if name == 'choice' else [entry] * (40000 if name == 'bomb' else 1)
            data, media = json.dumps({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': entries}).encode(), INDEX
        elif name == 'wrong-manifest':
            data += b' '
        self.answer(200, data, Content_Type=media, Docker_Content_Digest=digest(data))

    do_HEAD = do_GET


if sys.argv[1] == 'layout':
    layout(sys.argv[2])
else:
    tokens, busy, lock = [], [], threading.Lock()
    log = open(sys.argv[5], 'w')
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    port = server.server_address[1]
    open(sys.argv[4] + '.new', 'w').write(str(port))
    os.rename(sys.argv[4] + '.new', sys.argv[4])
    server.serve_forever()
