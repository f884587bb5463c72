import assert from 'node:assert/strict'
import {createHash, webcrypto} from 'node:crypto'
import {test} from 'node:test'
import {judgeBy} from '../../widget/emergency.mjs'
import {NEW_CHAT, provisional, reduce} from '../../widget/log.mjs'
import {areSound, safeLink, slices} from '../../widget/quote.mjs'
import {excess, fill} from '../../widget/texts.mjs'
import {backOff, eventReader, mayRetry, parseEvent} from '../../widget/wire.mjs'

const message = (seq, author = 'visitor') => ({seq, kind: 'message', author, body: {text: `message ${seq}`}})
const chatOf = (...events) => events.reduce(reduce, NEW_CHAT)

function readAll(...pieces) {
  const events = []
  const read = eventReader(event => events.push(event))
  pieces.forEach(read)
  return events
}

test('an event is read whole, wherever the network cut it', () => {
  const whole = ': connected\n\nid: 7\r\nevent: quote\r\ndata: {"a":1}\r\ndata: more\r\n\r\nid: 8\ndata: x\n\n'
  const expected = [
    {id: '7', event: 'quote', data: '{"a":1}\nmore'},
    {id: '8', event: '', data: 'x'}
  ]
  assert.deepEqual(readAll(whole), expected)
  for (let cut = 1; cut < whole.length; cut++) assert.deepEqual(readAll(whole.slice(0, cut), whole.slice(cut)), expected)
  assert.deepEqual(readAll(...whole), expected)
})

test('comments, heartbeats and half an event are no event', () => {
  assert.deepEqual(readAll(': still here\n\n', 'event: message\n\n', 'data: never ended\n'), [])
})

test('an event of the log keeps its number, kind, author and body', () => {
  const data = JSON.stringify({seq: 3, kind: 'claimed', author: 'system', at: 'now', name: 'Pat Cashen'})
  assert.deepEqual(parseEvent({id: '3', event: 'claimed', data}), {seq: 3, kind: 'claimed', author: 'system', body: {name: 'Pat Cashen'}})
  assert.equal(parseEvent({id: '0', event: 'reset', data: '{"reason":"x"}'}).seq, 0)
  assert.equal(parseEvent({id: '1', event: 'message', data: 'no JSON'}), null)
})

test('events are kept once and in order, however they arrive', () => {
  const chat = chatOf(message(2), message(1), message(3), message(2))
  assert.deepEqual(chat.items.map(item => item.seq), [1, 2, 3])
  assert.equal(chat.last, 3)
})

test('an event that is known already changes nothing', () => {
  const chat = chatOf(message(1))
  assert.equal(reduce(chat, message(1)), chat)
  assert.equal(reduce(chat, {...message(0)}), chat)
})

test('what a sent message told of gives way to the stream, and does not move its mark', () => {
  const reply = {outcome: 'handover', message: 'passed on', handed_over: true}
  const [sent, answer] = provisional({message: {seq: 4, author: 'visitor', text: 'hi', at: ''}, reply})
  assert.deepEqual([sent.kind, answer.kind, answer.seq], ['message', 'handover', 5])
  const before = chatOf(message(1), sent, answer)
  assert.deepEqual([before.last, before.status], [1, 'waiting'])
  const after = reduce(before, {...message(5, 'advocate')})
  assert.deepEqual([after.last, after.items.at(-1).author], [5, 'advocate'])
  assert.equal(reduce(after, answer), after)
})

test('small talk is a message; a message under a claim has no reply; a call for a person has no number', () => {
  const said = {message: {seq: 1, author: 'visitor', text: 'hi'}, reply: {outcome: 'smalltalk'}}
  assert.equal(provisional(said)[1].kind, 'message')
  assert.equal(provisional({...said, reply: null}).length, 1)
  assert.deepEqual(provisional({message: null, reply: {}}), [])
})

test('who answers follows the log', () => {
  const handover = {seq: 1, kind: 'handover', author: 'assistant', body: {reply: {handed_over: true}}}
  const claimed = {seq: 2, kind: 'claimed', author: 'system', body: {name: 'Pat Cashen'}}
  const letter = {seq: 3, kind: 'handover', author: 'visitor', body: {letter: {name: 'Ann'}}}
  const released = to => ({seq: 4, kind: 'released', author: 'system', body: {to}})
  const closed = {seq: 5, kind: 'closed', author: 'system', body: {}}
  assert.equal(chatOf(handover).status, 'waiting')
  const live = chatOf(handover, claimed, letter)
  assert.deepEqual([live.status, live.name, live.seen, live.hasLetter], ['claimed', 'Pat Cashen', 2, true])
  assert.equal(chatOf(handover, claimed, released('waiting')).status, 'waiting')
  assert.equal(chatOf(handover, claimed, released('assistant')).status, 'assistant')
  assert.deepEqual([chatOf(handover, claimed, closed).status, chatOf(letter, closed).hasLetter], ['closed', false])
  assert.equal(chatOf(closed, {...handover, seq: 6}).status, 'waiting')
})

test('a sentence is marked by code points, as the server counts them', () => {
  assert.deepEqual(slices('😀 “knee”: it hurts', [2, 8]), ['😀 ', '“knee”', ': it hurts'])
  assert.deepEqual(slices('é👩‍⚕️', [2, 5]).join(''), 'é👩‍⚕️')
  for (const span of [[0, 99], [3, 2], [-1, 2], [1, 1], undefined, []]) assert.deepEqual(slices('knee', span), ['knee', '', ''])
})

test('a quote is sound only if every byte is the one that was approved', async () => {
  const text = '• A “quote” — 😀'
  const sha256 = createHash('sha256').update(text).digest('hex')
  assert.equal(await areSound([{text, sha256}], webcrypto.subtle), true)
  assert.equal(await areSound([{text, sha256}, {text: `${text} `, sha256}], webcrypto.subtle), false)
  assert.equal(await areSound([], webcrypto.subtle), true)
})

test('another try waits 1, 2, 4 ... 30 seconds', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 60].map(backOff), [1, 2, 4, 8, 16, 30, 30, 30])
})

test('only what may succeed is tried again', () => {
  for (const status of [undefined, 0, 408, 429, 500, 503]) assert.equal(mayRetry(status), true)
  for (const status of [400, 401, 404, 413, 422]) assert.equal(mayRetry(status), false)
})

test('only web links are followed', () => {
  assert.equal(safeLink('/sites/kneecare#:~:text=knee', 'https://host'), 'https://host/sites/kneecare#:~:text=knee')
  for (const link of ['javascript:alert(1)', 'data:text/html,x', 'http://', '']) {
    assert.equal(safeLink(link, link ? 'https://host' : undefined), null)
  }
})

test('a name goes into a text as it is', () => {
  assert.equal(fill('Seen by {}', '$& Pat'), 'Seen by $& Pat')
})

test('a sign is words in order, near each other or next to each other, in any form but the shortest', () => {
  const judge = judgeBy('chest~hurt|pain\nheart attack\nfever&hot\nan_infarto')
  for (const text of ['my CHEST really hurts', 'Heart attack!', 'it is hot. I have a féver', 'es an infarto']) assert.ok(judge(text))
  for (const text of ['hurts my chest', 'heart of an attack', 'fever in the hotel', 'chest one two three four five pain', '']) assert.ok(!judge(text))
  assert.ok(!judgeBy('')('chest pain'))
})

test('what is too long says by how much, in code points', () => {
  assert.deepEqual([excess('knee'), excess('😀'.repeat(4000)), excess('😀'.repeat(4001)), excess('Ann', 2)], [0, 0, 1, 1])
})
