// A network of persistent nodes on loopback, made of the original.
//   node testnet.mjs [--nodes N] [--port P] [--host H]      prints: BOOTSTRAP host:port
// Nodes that are bound to another host than 127.0.0.1 are seen there all the same: something stands in between.
import { createSocket } from 'node:dgram'
import { DHT, onQuit, options, say } from './common.mjs'

const opts = options(process.argv.slice(2))
const size = Number(opts.nodes || 6)

const host = opts.host || '127.0.0.1'

const first = DHT.bootstrapper(Number(opts.port) || await freePort(), '127.0.0.1', { host })
await first.fullyBootstrapped()
const bootstrap = [{ host: '127.0.0.1', port: first.address().port }]
const nodes = [first]
while (nodes.length < size) {
  const next = new DHT({ bootstrap, host, ephemeral: false, firewalled: false })
  await next.fullyBootstrapped()
  nodes.push(next)
}
onQuit(() => Promise.all(nodes.map(n => n.destroy({ force: true }))))
say(`BOOTSTRAP 127.0.0.1:${bootstrap[0].port}`)

function freePort () {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.on('error', reject)
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address()
      socket.close(() => resolve(port))
    })
  })
}
