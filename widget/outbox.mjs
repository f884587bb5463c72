// What waits to be sent: in order, each with its key, and kept in the drawer until the server has it.

import {GONE, backOff, mayRetry} from './wire.mjs'

/**
 * One thing to send.
 *
 * @typedef {object} Job
 * @property {string} path of the conversation's door
 * @property {object} body
 * @property {string} key its Idempotency-Key
 * @property {string} [text] as the visitor sees it
 * @property {number} tries made so far
 *
 * @typedef {object} Handlers
 * @property {function(): Promise<string>} getId of the conversation; begins it if there is none
 * @property {function(Job, object): void} onSent
 * @property {function(Job, object, number): void} onRefused with the problem, and the seconds until the next try; none where there is no other
 * @property {function(): void} onGone the conversation is no more
 */

/** The outbox of one chat. */
export class Outbox {
  /** @type {Job[]} */
  jobs = []
  #isSending
  #line
  #drawer
  #handlers

  /**
   * @param {import('./line.mjs').Line} line
   * @param {import('./drawer.mjs').Drawer} drawer
   * @param {Handlers} handlers
   */
  constructor(line, drawer, handlers) {
    this.#line = line
    this.#drawer = drawer
    this.#handlers = handlers
  }

  /** @param {Job} job to be sent after those that wait */
  add(job) {
    this.jobs.push(job)
    this.#keep()
    this.#send()
  }

  /** Send nothing of it. */
  clear() {
    this.jobs = []
    this.#line.wake()
  }

  async #send() {
    if (this.#isSending) return
    this.#isSending = true
    while (this.jobs[0]) {
      const [job] = this.jobs
      const isMine = () => job === this.jobs[0]
      try {
        const id = await this.#handlers.getId(isMine)
        const result = isMine() && (await this.#line.request(`conversations/${id}/${job.path}`, job))
        if (isMine()) {
          this.#take()
          this.#handlers.onSent(job, result)
        }
      } catch (problem) {
        if (isMine()) await this.#onRefused(job, problem)
      }
    }
    this.#isSending = false
  }

  async #onRefused(job, problem) {
    const {status, retryAfter} = problem
    const seconds = mayRetry(status) && Math.max(retryAfter || 0, backOff(job.tries++))
    if (!seconds && GONE.includes(status) && job.path !== 'feedback') return this.#handlers.onGone()
    if (!seconds) this.#take()
    this.#handlers.onRefused(job, problem, seconds)
    if (seconds) await this.#line.sleep(seconds)
  }

  #take() {
    this.jobs.shift()
    this.#keep()
  }

  #keep() {
    const unsent = this.jobs.filter(job => job.path !== 'feedback').map(({path, body, key, text}) => ({path, body, key, text}))
    this.#drawer.keep({unsent: unsent[0] && unsent})
  }
}
