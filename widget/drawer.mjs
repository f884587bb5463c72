// What is kept in this tab, and shared with the site's other open tabs: sessionStorage, and nothing else.

import {attempt} from './wire.mjs'

/**
 * What a chat keeps until its tab closes.
 *
 * @typedef {object} Kept
 * @property {string} [id] of the conversation, with its `token` and `receipt` code
 * @property {boolean} [isOpen] whether the panel shows
 * @property {string} [draft] what is typed and not sent
 * @property {object[]} [unsent] what the server does not have yet, each with its key
 */

/** The drawer of one site's chat. */
export class Drawer {
  /** @type {Kept} */
  kept
  #name
  #channel

  /**
   * @param {string} site
   * @param {function(object): void} onTold what another tab of this site tells
   */
  constructor(site, onTold) {
    this.#name = `advocate:${site}`
    this.kept = attempt(() => JSON.parse(sessionStorage.getItem(this.#name))) ?? {}
    this.#channel = attempt(() => new BroadcastChannel(this.#name))
    if (this.#channel) this.#channel.onmessage = ({data}) => onTold(data)
  }

  /** @param {Kept} part to change; what is empty is no longer kept */
  keep(part) {
    this.kept = {...this.kept, ...part}
    const {id, draft, unsent} = this.kept
    attempt(() => (id || draft || unsent ? sessionStorage.setItem(this.#name, JSON.stringify(this.kept)) : sessionStorage.removeItem(this.#name)))
  }

  /** Keep nothing any more. */
  empty() {
    this.kept = {}
    this.keep()
  }

  /** @param {object} news for the other tabs */
  tell(news) {
    this.#channel?.postMessage(news)
  }

  /**
   * Do something for a conversation while no other tab does it: at once, or when that one ends.
   *
   * @param {string} id of the conversation
   * @param {AbortSignal} signal ends the waiting
   * @param {function(): Promise<void>} action
   */
  async alone(id, signal, action) {
    const {locks} = navigator
    await (this.#channel && locks ? locks.request(`advocate:${id}`, {signal}, action).catch(() => {}) : action())
  }
}
