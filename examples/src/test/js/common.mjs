// What the peers share: options, lines, and a node that knows a network on loopback only.
import DHT from 'hyperdht'
import Holepuncher from 'hyperdht/lib/holepuncher.js'
import { createInterface } from 'node:readline'

export { DHT }

let shut = false

/** Options of the form --name value, or --flag. */
export function options (argv) {
  const named = {}
  for (let i = 0; i < argv.length; i++) {
    if (!argv[i].startsWith('--')) continue
    const name = argv[i].slice(2)
    const next = argv[i + 1]
    named[name] = next === undefined || next.startsWith('--') ? true : argv[++i]
  }
  return named
}

/** One line for the test that drives us. */
export function say (text) {
  process.stdout.write(text + '\n')
}

/** One object on one line. */
export function tell (object) {
  say(JSON.stringify(object))
}

export function node (opts, more = {}) {
  if (!opts.bootstrap) throw new Error('--bootstrap H:P is required: tests stay on loopback')
  const bootstrap = opts.bootstrap.split(',').map(hostPort)
  const firewalled = opts.firewalled ? { ephemeral: true, quickFirewall: false } : {}
  return new DHT({ bootstrap, host: opts.host || '127.0.0.1', ...firewalled, ...more })
}

export function hostPort (text) {
  const [host, port] = text.split(':')
  return { host, port: Number(port) }
}

export function keyPair (opts) {
  return DHT.keyPair(opts.seed ? Buffer.from(opts.seed, 'hex') : undefined)
}

/** The key of a blind relay, or nothing. */
export function relayThrough (opts) {
  return opts['relay-through'] ? Buffer.from(opts['relay-through'], 'hex') : null
}

/**
 * Has the NATs, as far as the original can tell, let nothing through but what comes from a relay,
 * until standard input says OPEN NAT.
 */
export function shutNat (dht) {
  const relays = []
  const { connect, createRawStream } = dht
  const { prototype } = Holepuncher
  shut = true
  for (const name of ['ping', 'openSession', '_onholepunchmessage']) {
    const original = prototype[name]
    prototype[name] = function (...args) {
      return shut ? Promise.resolve() : original.apply(this, args)
    }
  }
  dht.connect = (...args) => {
    const connection = connect.apply(dht, args)
    relays.push(connection)
    return connection
  }
  dht.createRawStream = opts => {
    const firewall = opts?.firewall
    if (!firewall) return createRawStream.call(dht, opts)
    const fromRelay = (port, host) => relays.some(({ rawStream }) =>
      rawStream && rawStream.remotePort === port && rawStream.remoteHost === host)
    return createRawStream.call(dht, {
      ...opts,
      firewall: (socket, port, host) => (shut && !fromRelay(port, host)) || firewall(socket, port, host)
    })
  }
}

/** Says when the packets of a connection take another way. */
export function sayMoves (connection) {
  connection.rawStream.on('remote-changed', () => say('MOVED'))
}

/** Listens to standard input: when it ends or says QUIT, ends the process whatever happens. */
export function onQuit (close) {
  let done = false
  const quit = async () => {
    if (done) return
    done = true
    const watchdog = setTimeout(() => process.exit(0), 2500)
    try { await close() } catch {}
    clearTimeout(watchdog)
    process.exit(0)
  }
  const lines = createInterface({ input: process.stdin })
  lines.on('line', line => {
    if (line.trim() === 'QUIT') quit()
    if (line.trim() === 'OPEN NAT') shut = false
  })
  lines.on('close', quit)
}
