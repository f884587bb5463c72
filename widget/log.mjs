// The log of a conversation: its events, and how things stand after them.

/**
 * @typedef {object} LogEvent
 * @property {number} seq its place in the log
 * @property {string} kind
 * @property {string} author visitor, assistant, advocate or system
 * @property {Object<string, any>} body
 * @property {boolean} [isProvisional] told by an answer, not yet by the stream
 *
 * @typedef {object} Chat
 * @property {number} last the highest number that the stream told of
 * @property {LogEvent[]} items
 * @property {string} status assistant, waiting, claimed or closed
 * @property {string} name of the advocate who claimed it
 * @property {number} seen the number up to which an advocate saw it
 * @property {boolean} hasLetter
 */

/** @type {Chat} */
export const NEW_CHAT = {last: 0, items: [], status: 'assistant', name: '', seen: 0, hasLetter: false}

/**
 * The events that the answer to a sent message tells of, before the stream does.
 *
 * @param {{message?: object, reply?: object}} answer
 * @returns {LogEvent[]}
 */
export function provisional({message, reply}) {
  if (!message) return []
  const {seq, author, text} = message
  const events = [{seq, kind: 'message', author, body: {text}}]
  if (reply) events.push({seq: seq + 1, kind: reply.outcome === 'smalltalk' ? 'message' : reply.outcome, author: 'assistant', body: {reply}})
  return events.map(event => ({...event, isProvisional: true}))
}

/**
 * The chat with one more event: each once, in order; a provisional one gives way to the stream's.
 *
 * @param {Chat} chat
 * @param {LogEvent} event
 * @returns {Chat} the very same where the event changes nothing
 */
export function reduce(chat, event) {
  const known = chat.items.find(item => item.seq === event.seq)
  if (!event.seq || (known && (!known.isProvisional || event.isProvisional))) return chat
  const items = [...chat.items.filter(item => item !== known), event].sort((one, other) => one.seq - other.seq)
  return {...standing(items), items, last: event.isProvisional ? chat.last : Math.max(chat.last, event.seq)}
}

function standing(items) {
  let {status, name, seen, hasLetter} = NEW_CHAT
  for (const {seq, kind, author, body} of items) {
    if (/claimed|closed/.test(kind)) status = kind
    else if (kind === 'released') status = body.to === 'assistant' ? 'assistant' : 'waiting'
    else if (status !== 'claimed' && (kind === 'handover' || body.reply?.handed_over)) status = 'waiting'
    hasLetter = kind !== 'closed' && (hasLetter || Boolean(body.letter))
    if (author === 'advocate' || kind === 'claimed') [seen, name] = [seq, body.name ?? name]
  }
  return {status, name, seen, hasLetter}
}
