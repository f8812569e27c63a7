// One role of Node's tls for the table of interoperability: as many connections as asked for, one after the other, and a line
// about each that says what Node itself makes of it. The trace of OpenSSL beside it says what Node has no question for.
import fs from 'node:fs';
import tls from 'node:tls';
import { constants } from 'node:crypto';

// A connection that takes longer is lost.
const patience = 20_000;

const asked = JSON.parse(process.argv[2]);
const options = {
  minVersion: asked.version,
  maxVersion: asked.version,
  ciphers: asked.cipher,
  ecdhCurve: asked.groups,
  enableTrace: true,
  secureOptions: asked.tickets ? 0 : constants.SSL_OP_NO_TICKET,
};
if (asked.chain) {
  options.cert = fs.readFileSync(asked.chain);
  options.key = fs.readFileSync(asked.key);
}
if (asked.roots) options.ca = fs.readFileSync(asked.roots);

const fail = (why) => {
  console.error(why);
  process.exit(1);
};

function report(socket) {
  const words = [
    `version=${socket.getProtocol()}`,
    `suite=${socket.getCipher().standardName}`,
    `resumed=${socket.isSessionReused()}`,
    `authorized=${socket.authorized}`,
  ];
  // Of the key exchange only a client of Node speaks.
  const group = socket.getEphemeralKeyInfo()?.name;
  if (group) words.push(`group=${group}`);
  console.log(`report ${words.join(' ')}`);
}

function serve() {
  let left = asked.connections;
  const server = tls.createServer({ ...options, requestCert: asked.insist, rejectUnauthorized: asked.insist });
  const sessions = new Map();
  server.on('newSession', (id, data, done) => {
    sessions.set(id.toString('hex'), data);
    done();
  });
  server.on('resumeSession', (id, done) => done(null, sessions.get(id.toString('hex')) ?? null));
  server.on('tlsClientError', fail);
  server.on('secureConnection', (socket) => {
    socket.setTimeout(patience, () => fail('the client keeps us waiting'));
    socket.on('error', fail);
    socket.once('data', () => {
      socket.write('from the peer\n');
      report(socket);
    });
    socket.on('close', () => {
      left -= 1;
      if (left === 0) server.close();
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(`listening 127.0.0.1:${server.address().port}`));
}

function connect(left, session) {
  if (left === 0) return;
  const to = { host: '127.0.0.1', port: asked.port, servername: 'localhost', session };
  const socket = tls.connect({ ...options, ...to });
  let kept = session;
  socket.setTimeout(patience, () => fail('the server keeps us waiting'));
  socket.on('error', fail);
  socket.on('session', (fresh) => {
    kept = fresh;
  });
  socket.on('secureConnect', () => socket.write('to our server\n'));
  socket.once('data', (line) => {
    if (line.toString() !== 'from our server\n') fail(`the server said ${line}`);
    report(socket);
    socket.end();
  });
  socket.on('close', () => connect(left - 1, kept));
}

if (asked.role === 'server') serve();
else connect(asked.connections);
