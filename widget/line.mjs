// The line to the server: requests, and a conversation's events, asked for anew whenever the stream breaks.

import {wait} from './dom.mjs'
import {GONE, HOST, backOff, eventReader, parseEvent} from './wire.mjs'

/**
 * What a line tells of.
 *
 * @typedef {object} Listener
 * @property {function(): number} last the number of the last event heard
 * @property {function(import('./log.mjs').LogEvent | null): void} onEvent
 * @property {function(): void} onLost told after 5 s without a stream
 * @property {function(): void} onGone the conversation is no more
 */

/** The line of one chat. */
export class Line {
  /** Whether this tab has the stream, or asks for it. */
  isLeading = false
  #getToken
  #onReached
  #stream = null
  #wakers = new Set()

  /**
   * @param {function(): string | undefined} getToken of the conversation, once there is one
   * @param {function(): void} onReached told whenever the server answered
   */
  constructor(getToken, onReached) {
    this.#getToken = getToken
    this.#onReached = onReached
  }

  /** Whether events are heard, here or through another tab. */
  get isListening() {
    return Boolean(this.#stream)
  }

  /**
   * What the API answers. Throws {status, retryAfter} with the problem's own fields, or fetch's error where nothing came.
   *
   * @param {string} path within the API
   * @param {{body?: object, key?: string}} [what] a body makes it a POST
   * @param {number} [patience_s]
   * @returns {Promise<object>}
   */
  async request(path, {body, key} = {}, patience_s = 20) {
    const response = await this.#fetch(path, {body, key, signal: AbortSignal.timeout?.(patience_s * 1000)})
    return response.json().catch(() => ({}))
  }

  /**
   * Whether the server answers, and the browser keeps the answer from this page: its origin is not on the site's list.
   *
   * @param {string} path within the API
   * @returns {Promise<boolean>}
   */
  isRefused(path) {
    return fetch(`${HOST}/api/v1/${path}`, {mode: 'no-cors', credentials: 'omit'}).then(() => true, () => false)
  }

  /**
   * Hear a conversation's events until the line hangs up.
   *
   * @param {string} id of the conversation
   * @param {function(AbortSignal, function(): Promise<void>): Promise<void>} lead lets one tab at a time ask for the stream
   * @param {Listener} listener
   */
  listen(id, lead, listener) {
    this.hangUp()
    const {signal} = (this.#stream = new AbortController())
    return lead(signal, () => this.#follow(id, listener, signal))
  }

  async #follow(id, {last, onEvent, onLost, onGone}, signal) {
    this.isLeading = true
    let [tries, lost] = [0]
    while (!signal.aborted) {
      try {
        const {body} = await this.#fetch(`conversations/${id}/events`, {last: last(), signal})
        clearTimeout(lost)
        lost = tries = 0
        await readEvents(body.getReader(), event => signal.aborted || onEvent(parseEvent(event)))
      } catch ({status}) {
        if (GONE.includes(status)) return onGone()
      }
      if (signal.aborted) break
      lost ||= wait(5, () => signal.aborted || onLost())
      await this.sleep(backOff(tries++))
    }
    clearTimeout(lost)
  }

  /** Hear no more. */
  hangUp() {
    this.isLeading = false
    this.#stream?.abort()
    this.#stream = null
  }

  /**
   * Wait, or until the line is woken.
   *
   * @param {number} seconds
   * @returns {Promise<void>}
   */
  sleep(seconds) {
    return new Promise(resolve => {
      this.#wakers.add(resolve)
      wait(seconds, resolve)
    })
  }

  /** Let all that waits try again at once. */
  wake() {
    this.#wakers.forEach(resolve => resolve())
    this.#wakers.clear()
  }

  async #fetch(path, {body, key, last, signal}) {
    const headers = {}
    const token = this.#getToken()
    if (token) headers.Authorization = `Bearer ${token}`
    if (body) headers['Content-Type'] = 'application/json'
    if (key) headers['Idempotency-Key'] = key
    if (last) headers['Last-Event-ID'] = last
    const response = await fetch(`${HOST}/api/v1/${path}`, {method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal, credentials: 'omit'})
    if (!response.ok) throw {status: response.status, ...(await response.json().catch(() => {})), retryAfter: Number(response.headers.get('Retry-After'))}
    this.#onReached()
    return response
  }
}

// A stream silent for 40 s is given up
async function readEvents(reader, onEvent) {
  const decoder = new TextDecoder()
  const read = eventReader(onEvent)
  let silence
  try {
    for (let piece = {}; !piece.done; piece = await reader.read()) {
      read(decoder.decode(piece.value, {stream: true}))
      clearTimeout(silence)
      silence = wait(40, () => reader.cancel())
    }
  } finally {
    clearTimeout(silence)
  }
}
