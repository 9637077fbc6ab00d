// What the peers share: options, lines, and a node that knows a network on loopback only.
import DHT from 'hyperdht'
import Holepuncher from 'hyperdht/lib/holepuncher.js'
import { createInterface } from 'node:readline'

export { DHT }

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

export function node (opts) {
  if (!opts.bootstrap) throw new Error('--bootstrap H:P is required: tests stay on loopback')
  const bootstrap = opts.bootstrap.split(',').map(hostPort)
  const firewalled = opts.firewalled ? { ephemeral: true, quickFirewall: false } : {}
  return new DHT({ bootstrap, host: opts.host || '127.0.0.1', ...firewalled })
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

/** Has the NATs, as far as the original can tell, let no probe through for a while. */
export function punchAfter (milliseconds) {
  const { prototype } = Holepuncher
  for (const name of ['ping', 'openSession', '_onholepunchmessage']) {
    const original = prototype[name]
    prototype[name] = function (...args) {
      this.shutUntil ??= Date.now() + milliseconds
      return Date.now() < this.shutUntil ? Promise.resolve() : original.apply(this, args)
    }
  }
}

/** Says when the packets of a connection take another way. */
export function sayMoves (connection) {
  connection.rawStream.on('remote-changed', () => say('MOVED'))
}

/** Runs when standard input ends or says QUIT; ends the process whatever happens. */
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
  lines.on('line', line => { if (line.trim() === 'QUIT') quit() })
  lines.on('close', quit)
}
