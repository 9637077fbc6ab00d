// The SDK has no setting for the first DHT nodes, so the list in its hyperdht is replaced by one
// node on loopback, whose port comes from the environment.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'

const file = 'node_modules/hyperdht/lib/constants.js'
const source = readFileSync(file, 'utf8')
const list = /exports\.BOOTSTRAP_NODES = \[[^\]]*\]/
if (!source.includes('LOOPBACK_DHT_PORT')) {
  if (!list.test(source)) throw new Error(`no bootstrap list found in ${file}`)
  rmSync(file)
  writeFileSync(file, source.replace(list, `
const loopbackEnv = typeof process === 'undefined' ? require('bare-env') : process.env
exports.BOOTSTRAP_NODES = ['127.0.0.1:' + loopbackEnv.LOOPBACK_DHT_PORT]`))
}
