// The original at one end of a measurement, told what to do on standard input:
//   node --expose-gc peer.mjs NODE_MODULES server|client BOOTSTRAP
//   node --expose-gc peer.mjs NODE_MODULES wire-server|wire-client
// It does the work that Peer.java does, and answers the same lines.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const [modules, role, bootstrap] = process.argv.slice(2)
const require = createRequire(modules + '/')
const server = role.endsWith('server')
const totals = { messages: 0, bytes: 0 }
const held = []
let dht = null
let wire = null
let key = null
let current = null

/** What goes over one connection; see Traffic.java. */
class Traffic {
  constructor (stream, greeted) {
    this.stream = stream
    this.greeted = greeted
    this.begun = false
    this.echoes = false
    this.outgoing = null
    this.pinged = 0n
    this.latencies = null
    stream.on('data', data => this.message(data))
    stream.on('drain', () => this.writable())
    stream.on('error', () => {})
    if (server) stream.write(Buffer.from('hello'))
  }

  begin (work) {
    this.stream.write(Buffer.from(work))
    this.take(work)
  }

  take (work) {
    const [kind, size] = work.split(' ')
    if (kind === 'both' || (kind === 'send' && !server)) {
      this.outgoing = Buffer.alloc(Number(size), 7)
      this.writable()
    } else if (kind === 'echo') {
      this.echoes = server
      if (!server) {
        this.latencies = []
        this.outgoing = Buffer.alloc(Number(size), 7)
        this.ping()
      }
    }
  }

  ping () {
    this.pinged = process.hrtime.bigint()
    this.stream.write(this.outgoing)
  }

  message (data) {
    if (!this.begun) {
      this.begun = true
      if (server) this.take(data.toString())
      else this.greeted()
      return
    }
    totals.messages++
    totals.bytes += data.length
    if (this.latencies !== null) {
      this.latencies.push(Number(process.hrtime.bigint() - this.pinged))
      this.ping()
    } else if (this.echoes) {
      this.stream.write(data)
    }
  }

  writable () {
    if (this.outgoing === null || this.latencies !== null) return
    while (this.stream.write(this.outgoing));
  }
}

const commands = {
  async key (hex) {
    key = Buffer.from(hex, 'hex')
    return 'KEY'
  },
  async join (port, id) {
    wire.raw.connect(wire.socket, Number(id), Number(port), '127.0.0.1')
    await new Promise(resolve => {
      current = new Traffic(new wire.SecretStream(!server, wire.raw, { keepAlive: 5000 }), resolve)
      if (server) resolve()
    })
    return 'JOINED'
  },
  async run (...work) {
    if (current === null) {
      await new Promise(resolve => { current = new Traffic(dht.connect(key), resolve) })
    }
    current.begin(work.join(' '))
    return 'RUNS'
  },
  async count () {
    return `COUNT ${process.hrtime.bigint()} ${totals.messages} ${totals.bytes}`
  },
  async latency () {
    const sorted = Float64Array.from(current.latencies).sort()
    current.latencies = []
    const n = sorted.length
    return n === 0 ? 'LATENCY 0 0 0' : `LATENCY ${n} ${sorted[n >> 1]} ${sorted[Math.floor(n * 0.99)]}`
  },
  async connects (parallel, millis) {
    const begin = process.hrtime.bigint()
    const until = begin + BigInt(millis) * 1000000n
    let made = 0
    let failed = 0
    await Promise.all(Array.from({ length: Number(parallel) }, async () => {
      while (process.hrtime.bigint() < until) {
        await new Promise(resolve => {
          const stream = dht.connect(key)
          let greeted = false
          stream.on('close', () => { if (!greeted) { failed++; resolve() } })
          new Traffic(stream, () => { // eslint-disable-line no-new
            greeted = true
            made++
            stream.destroy()
            resolve()
          })
        })
      }
    }))
    return `CONNECTS ${process.hrtime.bigint() - begin} ${made} ${failed}`
  },
  async hold (count) {
    let toStart = Number(count)
    await Promise.all(Array.from({ length: 16 }, async () => {
      while (toStart-- > 0) {
        await new Promise(resolve => {
          const stream = dht.connect(key)
          stream.on('close', resolve)
          held.push(new Traffic(stream, resolve))
        })
      }
    }))
    return `HELD ${held.length}`
  },
  async memory () {
    for (let i = 0; i < 3; i++) {
      await new Promise(resolve => setImmediate(resolve))
      globalThis.gc()
    }
    const { heapUsed, external, rss } = process.memoryUsage()
    return `MEMORY ${heapUsed + external} ${rss}`
  }
}

if (role.startsWith('wire')) {
  const UDX = require('udx-native')
  const udx = new UDX()
  const socket = udx.createSocket()
  socket.bind(0, '127.0.0.1')
  const id = Math.floor(Math.random() * 0x7fffffff)
  const raw = udx.createStream(id)
  wire = { socket, raw, SecretStream: require('@hyperswarm/secret-stream') }
  console.log(`READY ${socket.address().port} ${id}`)
} else {
  const DHT = require('hyperdht')
  const [host, port] = bootstrap.split(':')
  dht = new DHT({ bootstrap: [{ host, port: Number(port) }], host: '127.0.0.1' })
  await dht.fullyBootstrapped()
  if (server) {
    const listening = dht.createServer(connection => new Traffic(connection))
    await listening.listen(DHT.keyPair())
    console.log('READY ' + listening.publicKey.toString('hex'))
  } else {
    console.log('READY')
  }
}

const lines = createInterface({ input: process.stdin })
lines.on('close', () => process.exit(0))
lines.on('line', async line => {
  const [command, ...words] = line.split(' ')
  try {
    console.log(await commands[command](...words))
  } catch (error) {
    console.error(error)
    console.log('FAILED ' + error.message)
  }
})
