// Checks an export of receipts with nothing but Node.js and the public key. It imports nothing of clear-friends.
//   node verify-receipts.mjs receipts.ndjson 'PUBLIC KEY' [a file that holds a head: a certificate, an older export]
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

const [file = '', keyText = '', headFile] = process.argv.slice(2)
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()
const [faults, ends, roots, sums, dead] = [[], [], new Map(), new Map(), new Set()]
const check = (holds, fault) => holds || faults.push(fault)

// Keys. The text `name+id+base64` is that of c2sp.org/signed-note. A change of the key is signed by both, see below.
const [, name = '', encoded = ''] = /^(.*)\+[0-9a-f]{8}\+([A-Za-z0-9+/=]+)$/.exec(keyText.trim()) ?? []
const keys = [{ key: Buffer.from(encoded, 'base64').subarray(1).toString('base64'), after: 0, until: Number.MAX_VALUE }]
const spki = key => Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(key, 'base64')])
const isSignedBy = (key, text, signature) =>
  verify(null, Buffer.from(text), createPublicKey({ key: spki(key), format: 'der', type: 'spki' }), signature)
const isSigned = (seq, text, signature) =>
  keys.some(({ key, after, until }) => after < seq && seq <= until && isSignedBy(key, text, signature))

// The tree of RFC 6962, leaf by leaf: `stack` holds the roots of the perfect subtrees so far.
let tree = { size: 0, stack: [] }
function append(leaf) {
  let hash = sha256('\x00', leaf)
  for (let size = tree.size; size % 2 === 1; size = (size - 1) / 2) hash = sha256('\x01', tree.stack.pop(), hash)
  tree = { size: tree.size + 1, stack: [...tree.stack, hash] }
}
const join = (right, left) => sha256('\x01', left, right)
const rootNow = () => (tree.size === 0 ? sha256('') : tree.stack.reduceRight(join)).toString('base64')
const noteRoot = at =>
  check(rootNow() === (roots.get(at) ?? roots.set(at, rootNow()).get(at)), `two pasts up to entry ${at}`)

// A change of the key: the old key signs the entry, the new one the text that names both.
function takeChange({ seq, from, to, proof }, leaf, signature) {
  const text = `clear-friends/receipt/v2\n${name}\n${leaf.replace(/"seq":\d+,"at":"[^"]*",/, '')}`
  const change = `clear-friends/key-change/v2\n${name}\n${from}\n${to}\n`
  if (!isSignedBy(from, text, signature) || !isSignedBy(to, change, Buffer.from(proof, 'base64url'))) return
  const [old, next] = [keys.find(({ key }) => key === from), keys.find(({ key }) => key === to)]
  if (old && !next) keys.push({ key: to, after: seq, until: Number.MAX_VALUE })
  if (next && !old) keys.push({ key: from, after: 0, until: seq })
  Object.assign(old ?? {}, { until: seq })
  Object.assign(next ?? {}, { after: seq })
}

// A head is a checkpoint of c2sp.org/tlog-checkpoint; its signature covers all in front of the empty line.
const HEAD = /((clear-friends\/\d+\/[\w-]{11})\n(\d+)\n([A-Za-z0-9+/=]{44})\ntime \S+\n)\n— \2 ([A-Za-z0-9+/=]+)(?=\n)/
function checkHead(text, where, mustReach) {
  const [, body = '', origin, size, root, signature = ''] = HEAD.exec(text) ?? []
  const isGood = origin === name && isSigned(Number(size), body, Buffer.from(signature, 'base64').subarray(4))
  check(isGood, `${where}: no head that is signed with this key`)
  const own = roots.get(Number(size))
  check(own === undefined || own === root, `${where}: the first ${size} entries are not those that the head covers`)
  check(own !== undefined || !mustReach, `${where}: the export does not reach the ${size} entries of the head`)
}

// Sums. A later receipt of an account takes the place of its dead letter.
function addUp(scope, what, accounts, account) {
  const sum = sums.get(scope) ?? sums.set(scope, {}).get(scope)
  if (dead.delete(`${scope} ${account}`)) sum.dead_lettered -= 1
  if (what === 'dead_lettered' && account !== null) dead.add(`${scope} ${account}`)
  sum[what] = (sum[what] ?? 0) + accounts
}

// The lines. A leaf is a line without its signature. The last line of an export is signed by whoever exported it.
let last = 0
const lines = new TextDecoder().decode(readFileSync(file)).split(/\r?\n/)
for (const [index, line] of lines.entries()) {
  if (line.trim() === '') continue
  const leaf = line.replace(/,"signature":"[\w-]*"\}$/, '}')
  const signature = Buffer.from(/"signature":"([\w-]*)"\}$/.exec(line)?.[1] ?? '', 'base64url')
  const entry = line.startsWith('{"v":2,') && line.endsWith('}') ? JSON.parse(line) : { seq: last + 1, kind: 'none' }
  if (entry.kind === 'begin') {
    tree = { size: entry.after, stack: entry.range.map(hash => Buffer.from(hash, 'base64')) }
    noteRoot(entry.after)
  } else if (entry.kind === 'head') {
    ends.push({ ...entry, leaf, sealed: signature, found: rootNow(), last, where: `line ${index + 1}` })
    tree = { size: 0, stack: [] }
  } else {
    append(leaf)
    if (tree.size === entry.seq) noteRoot(entry.seq)
    if (entry.kind === 'key') takeChange(entry, leaf, signature)
    if (entry.kind === 'accepted') addUp('the whole file', 'accepted', entry.jobs)
    if (entry.kind === 'accepted' && entry.request !== null) addUp(`request ${entry.request}`, 'accepted', entry.count)
    const scopes = entry.kind === 'receipt' ? ['the whole file', ...entry.requests.map(id => `request ${id}`)] : []
    for (const scope of scopes) addUp(scope, entry.outcome, 1, entry.account)
  }
  last = entry.kind === 'head' ? 0 : (entry.seq ?? entry.after)
}
check(ends.length > 0 && last === 0, 'the end of the export is missing')
for (const { origin, through, request, root, found, checkpoint, where, leaf, sealed, ...end } of ends) {
  check(origin === name, `${where}: it is an export of ${origin}`)
  check(isSigned(through, `clear-friends/export/v2\n${leaf}`, sealed), `${where}: the end is not signed with this key`)
  check(found === root && (request !== null || end.last === through), `${where}: the lines are not those exported`)
  if (checkpoint !== null) checkHead(checkpoint, where, false)
}
if (headFile) checkHead(readFileSync(headFile, 'utf8').replaceAll('\\n', '\n'), headFile, true)
for (const [scope, sum] of sums) console.log(scope, JSON.stringify(sum))
for (const fault of faults) console.log(`FAULT: ${fault}`)
console.log(faults.length === 0 ? 'everything holds' : 'this does not hold')
process.exitCode = faults.length === 0 ? 0 : 1
