// What comes over the wire, and when to try again.

/** Where this script came from, and so where the server is. Empty where it is loaded as a module. */
export const HOST = globalThis.document?.currentScript?.src ? new URL(document.currentScript.src).origin : ''

/** Answers that say a conversation is no more. */
export const GONE = [401, 403, 404, 410]

/**
 * How long to wait before another try.
 *
 * @param {number} tries made so far
 * @returns {number} seconds
 */
export const backOff = tries => Math.min(30, 2 ** tries)

/**
 * Whether the same request may succeed later.
 *
 * @param {number} [status] none where no answer came
 * @returns {boolean}
 */
export const mayRetry = status => !status || status >= 500 || status === 408 || status === 429

/**
 * What an action gives, or null where it throws.
 *
 * @template T
 * @param {function(): T} action
 * @returns {T | null}
 */
export function attempt(action) {
  try {
    return action()
  } catch {
    return null
  }
}

/**
 * Reads server-sent events from pieces of text, wherever the network cut them.
 *
 * @param {function({id: string, event: string, data: string}): void} onEvent told of each whole event
 * @returns {function(string): void} takes the next piece
 */
export function eventReader(onEvent) {
  let [rest, id, event, data] = ['', '', '', []]
  return piece => {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()
    for (const line of lines) {
      const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line)
      if (field === 'data') data.push(value)
      else if (field === 'event') event = value
      else if (field === 'id') id = value
      else if (!line) {
        if (data[0]) onEvent({id, event, data: data.join('\n')})
        event = ''
        data = []
      }
    }
  }
}

/**
 * An event of the log, or null where its data is no JSON.
 *
 * @param {{id: string, event: string, data: string}} event
 * @returns {import('./log.mjs').LogEvent | null}
 */
export const parseEvent = ({id, event, data}) =>
  attempt(() => {
    const {seq, kind, author, at, ...body} = JSON.parse(data)
    return {seq: seq ?? Number(id), kind: event, author, body}
  })
