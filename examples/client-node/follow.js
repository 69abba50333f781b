// Prints an organisation's events as they happen:   node follow.js KAFKA_CLIENT_FILE LOG POSITION_FILE
// Every record once, in order of position, also over a restart. LOG is the organisation's id, or `instance`.
import { existsSync } from 'node:fs'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import protobuf from 'protobufjs'

// A program elsewhere has a copy of these.
const PROTOS = '../../events-schema/src/main/protobuf'
const SCHEME_BYTES = 1
const SIGNATURE_BYTES = 64

const [clientFile, log, positionFile] = process.argv.slice(2)
if (positionFile === undefined) {
  console.error('usage: node follow.js KAFKA_CLIENT_FILE LOG POSITION_FILE')
  process.exit(2)
}

let next = existsSync(positionFile) ? Number(await readFile(positionFile, 'utf8')) : 0
const { Record, Statement, Result } = await schema()

async function schema() {
  const root = new protobuf.Root()
  root.resolvePath = (_, file) =>
    fileURLToPath(new URL(`${file.startsWith('google/') ? 'node_modules/protobufjs' : PROTOS}/${file}`, import.meta.url))
  await root.load('chancery/log/v1/record.proto')
  return root.lookup('chancery.log.v1')
}

/** Kafka's own format for Java clients, which the quick start writes. */
async function kafkaClient() {
  const settings = {}
  for (const line of (await readFile(clientFile, 'utf8')).split('\n')) {
    const [, name, value] = /^([^#=]+)=(.*)$/.exec(line) ?? []
    if (name) settings[name] = value.replace(/\\(.)/g, '$1')
  }
  const [, username, password] = /username="(.*?)" password="(.*?)"/.exec(settings['sasl.jaas.config'])
  const kafka = new Kafka({
    brokers: settings['bootstrap.servers'].split(','),
    sasl: { mechanism: settings['sasl.mechanism'], username, password },
    ssl: settings['security.protocol'] === 'SASL_SSL',
    logLevel: logLevel.ERROR,
  })
  // A group of your own: names that begin with chancery- are the instance's.
  return { kafka, groupId: settings['group.id'] ?? `client-node-${log}` }
}

async function take({ key, headers, value }) {
  if (key?.toString() !== log || !headers.position || !value) return // another organisation's, or no record at all
  const position = Number(headers.position.readBigUInt64BE())
  if (position < next) return // a double
  if (position > next) {
    console.log(`gap: ${position} came ahead of ${next}, and will come again after it`)
    return
  }
  apply(position, value)
  next = position + 1
  // A program with a database of its own writes this in the transaction that writes what it made of the record.
  await writeFile(`${positionFile}.next`, `${next}\n`)
  await rename(`${positionFile}.next`, positionFile)
}

/** Here is where you do what you came for. Types that you don't know are to be skipped. */
function apply(position, value) {
  const { entry } = Record.decode(value)
  const { outcome } = Statement.decode(entry.subarray(SCHEME_BYTES, entry.length - SIGNATURE_BYTES))
  if (outcome?.result !== Result.SUCCESS) return
  for (const event of outcome.events) console.log(`${position} ${event.type} ${event.stream}`)
}

const { kafka, groupId } = await kafkaClient()
const consumer = kafka.consumer({ groupId })
await consumer.connect()
await consumer.subscribe({ topic: 'log.v1', fromBeginning: true })
await consumer.run({ eachMessage: ({ message }) => take(message) })
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => consumer.disconnect().then(() => process.exit(0)))
