// Persistent nodes in one process, one at each address; the first begins a network unless it is told of one.
//   node nodes.mjs --hosts H,H,... --port P [--bootstrap H:P]      prints: BOOTSTRAP host:port
import { DHT, hostPort, onQuit, options, say } from './common.mjs'

const opts = options(process.argv.slice(2))
const port = Number(opts.port)
const nodes = []
let first = opts.bootstrap

for (const host of opts.hosts.split(',')) {
  const joining = { bootstrap: [first && hostPort(first)], host, port, ephemeral: false, firewalled: false }
  const next = first ? new DHT(joining) : DHT.bootstrapper(port, host)
  await next.fullyBootstrapped()
  first ||= `${host}:${port}`
  nodes.push(next)
}
onQuit(() => Promise.all(nodes.map(n => n.destroy({ force: true }))))
say(`BOOTSTRAP ${first}`)
