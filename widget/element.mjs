// The chat as an element of the page: `<advocate-chat data-site="...">`.

import {advocateNode, replyNode, visitorNode} from './answer.mjs'
import {button, focusOn, h, icon, phoneLink, wait} from './dom.mjs'
import {Drawer} from './drawer.mjs'
import {judgeBy} from './emergency.mjs'
import {letterForm} from './letter.mjs'
import {Line} from './line.mjs'
import {NEW_CHAT, provisional, reduce} from './log.mjs'
import {Outbox} from './outbox.mjs'
import {buildPanel, personButton} from './panel.mjs'
import {areSound, hex} from './quote.mjs'
import {STYLES} from './style.mjs'
import {excess, fill, languageOf, textsIn} from './texts.mjs'
import {HOST, backOff} from './wire.mjs'

const SLOW_S = 8 // then our own emergency list speaks
const LOW_PX = 431 // of a panel that scrolls as a whole, as its style sheet says
const COMPOSING = 229 // Safari's keyCode while an input method composes; its isComposing is false already

/** The chat. Its settings are attributes; its news are events `advocate:ready`, `open`, `close`, `unread`, `handover`. */
export class AdvocateChatElement extends (globalThis.HTMLElement ?? Object) {
  #texts
  #ui
  #clinic = {}
  #drawer
  #chat = NEW_CHAT
  #outbox
  #line = new Line(() => this.#pass?.token, () => this.#notice())
  #isEmergency = text => (this.#isEmergency = judgeBy())(text) // made when it is first asked
  #emergency
  #unread = 0
  #typedAt = 0
  #typingTimer
  #wantsLetter
  #listening
  #visitor = {}
  #before

  /**
   * Make a tag of it.
   *
   * @param {string} [tag]
   * @param {CustomElementRegistry} [registry]
   * @returns {typeof AdvocateChatElement}
   */
  static define(tag = 'advocate-chat', registry = customElements) {
    registry.define(tag, this)
    return this
  }

  /**
   * Tell the page's maker what to do.
   *
   * @param {string} [remedy]
   */
  static complain(remedy = 'add data-site="..." to the script or its tag') {
    console.error(`Patient Advocate: no chat is shown. Please ${remedy}.`)
  }

  connectedCallback() {
    const {element = this} = window.PatientAdvocate ?? {}
    if (element !== this) return element.isConnected || this.replaceWith(element) // one chat a page
    if (!this.#site) return AdvocateChatElement.complain()
    this.#listen()
    if (this.shadowRoot) return
    this.lang = languageOf(this.dataset.lang || document.documentElement.lang)
    this.#texts = textsIn(this.lang)
    this.#unpack()
    this.#build()
    this.#resume()
    queueMicrotask(() => this.#news('ready'))
    if (this.#isLinkedTo) this.open()
    else if (this.#isInline || (this.#pass?.isOpen && !this.#isSheet)) this.open(false)
  }

  disconnectedCallback() {
    this.#listening?.abort()
    queueMicrotask(() => this.isConnected || this.#line.hangUp())
  }

  /** Whether the panel shows. */
  get isOpen() {
    return this.#ui?.panel.hidden === false
  }

  /**
   * Show the panel.
   *
   * @param {boolean} [takesFocus]
   */
  open(takesFocus = true) {
    if (!this.#ui) return
    if (!this.isOpen) {
      this.#ui.panel.hidden = false
      this.#ui.launch.hidden = true
      this.#fit()
      this.#count(0)
      if (!this.#clinic.clinic) this.#ask()
      this.#drawer.keep({isOpen: true})
      this.#onAwake()
      this.#news('open')
    }
    if (takesFocus) focusOn(this.#ui.field)
  }

  /**
   * Show the launcher instead of the panel.
   *
   * @param {boolean} [givesFocus] to the launcher
   */
  close(givesFocus = true) {
    if (!this.isOpen || this.#isInline) return
    this.#ui.panel.hidden = true
    this.#ui.launch.hidden = Boolean(this.dataset.launcher)
    this.#drawer.keep({isOpen: false})
    if (givesFocus) (this.#ui.launch.hidden ? document.querySelector(this.dataset.launcher) : this.#ui.launch)?.focus()
    this.#news('close')
  }

  /** Open or close. */
  toggle() {
    if (this.isOpen) this.close()
    else this.open()
  }

  /**
   * Say something as the visitor, who sees it as their own words. What is too long to be sent is put in the box instead.
   *
   * @param {string} text
   */
  ask(text) {
    if (!this.#ui) return
    this.open()
    const words = text.trim()
    if (words && !excess(words)) return this.#say(words)
    this.#ui.field.value = words
    this.#onInput()
  }

  /**
   * Fill in a letter that is not begun. It stays in the page until the visitor sends it.
   *
   * @param {{name?: string, contact?: string}} visitor
   */
  setVisitor(visitor) {
    this.#visitor = visitor
  }

  /** Forget this chat, here and in what is kept. */
  reset() {
    if (!this.#ui) return
    this.#drawer.tell({id: this.#pass?.id, isOver: true})
    this.#line.hangUp()
    this.#outbox.clear()
    this.#drawer.empty()
    this.#ui.field.value = ''
    this.#onInput()
    this.#chat = NEW_CHAT
    this.#emergency = null
    this.#ui.log.replaceChildren()
    this.#ui.letter.hidden = this.#ui.danger.hidden = this.#ui.calls.hidden = true
    this.#ui.letter.isTouched = false
    this.#count(0)
    this.#notice()
    this.#settle()
    this.#ui.clear.textContent = this.#texts.clear
  }

  #build() {
    const root = this.attachShadow({mode: 'open'})
    try {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(STYLES)
      root.adoptedStyleSheets = [sheet]
    } catch {
      root.append(h('style', STYLES))
    }
    this.#ui = buildPanel(this.#texts, this.#actions)
    this.#ui.root.classList.toggle('left', this.dataset.position === 'left')
    this.#ui.root.classList.toggle('inline', this.#isInline)
    this.#ui.launch.hidden = Boolean(this.dataset.launcher)
    root.append(this.#ui.root)
    this.#settle()
  }

  /** @type {import('./panel.mjs').Actions} */
  #actions = {
    open: () => this.open(),
    close: () => this.close(),
    person: () => this.#askForPerson(),
    say: (text, choose) => this.#say(text, choose),
    judge: (quotes, seq, helpful) => {
      quotes.forEach(({passage_id}) => this.#post('feedback', {seq, passage_id, helpful}))
      focusOn(this.#ui.scroll)
    },
    follow: () => this.#isSheet && this.close(false),
    clear: () => this.#onClear(),
    input: () => this.#onInput(),
    submit: event => this.#onSubmit(event),
    key: event => this.#onKey(event)
  }

  async #ask(tries = 0) {
    try {
      const {clinic, greeting, starters, look} = (this.#clinic = await this.#line.request(`sites/${this.#site}?lang=${this.lang}`, {}, SLOW_S))
      this.#ui.root.style.setProperty('--accent', look.accent)
      this.#ui.root.style.setProperty('--radius', `${look.radius_px}px`)
      this.#ui.root.style.setProperty('--font', look.font)
      this.#ui.title.textContent = clinic
      this.#ui.first.replaceChildren(h('p', greeting), h('div.stack.starters', starters.map(text => button(text, () => this.#say(text)))))
      this.#settle()
    } catch ({status}) {
      if (!tries && !status && (await this.#line.isRefused(`sites/${this.#site}`))) AdvocateChatElement.complain(`add ${location.origin} to allowed_origins of the site`)
      this.#notice(this.#texts.unreachable, [...this.#help(), h('slot')])
      await this.#line.sleep(backOff(tries))
      if (!this.#clinic.clinic && this.isConnected) this.#ask(tries + 1)
    }
  }

  get #site() {
    return this.dataset.site
  }

  get #pass() {
    return this.#drawer.kept.id && this.#drawer.kept
  }

  #unpack() {
    this.#drawer = new Drawer(this.#site, news => this.#onTold(news))
    this.#outbox = new Outbox(this.#line, this.#drawer, {
      getId: isMine => this.#getId(isMine),
      onSent: (job, result) => this.#onSent(job, result),
      onRefused: (job, problem, seconds) => this.#onRefused(job, problem, seconds),
      onGone: () => this.#onGone()
    })
  }

  #resume() {
    const {draft, unsent = []} = this.#drawer.kept
    this.#ui.field.value = draft ?? ''
    this.#onInput()
    unsent.forEach(({path, body, text, key}) => this.#post(path, body, text, undefined, key))
    if (!this.#pass) this.#drawer.tell({isNew: true})
  }

  // What another open tab of this site says: whose chat it is, what came, that it is over
  #onTold({isNew, pass, id, event, since, isOver}) {
    const {receipt, token, id: own} = this.#pass ?? {}
    if (isNew && own) this.#drawer.tell({pass: {id: own, token, receipt}})
    if (pass && !own) {
      this.#drawer.keep(pass)
      if (this.isOpen) this.#connect()
    }
    if (!own || id !== own) return
    if (isOver) this.#onGone()
    else if (since >= 0 && this.#line.isLeading) this.#chat.items.forEach(item => item.isProvisional || item.seq <= since || this.#drawer.tell({id, event: item}))
    else if (event && this.#line.isListening) this.#hear(event)
  }

  #named(text, name = this.#chat.name || this.#clinic.advocate || this.#texts.our_advocate) {
    return fill(text, name)
  }

  #help() {
    const {clinic, phone} = this.#clinic
    const line = `${this.#texts.emergency_line}. ${this.#texts.crisis_line}`.split(/(911|988)/).map((part, index) => (index % 2 ? phoneLink(part) : part))
    return [h('p', line), phone && h('p', clinic, ': ', phoneLink(phone))]
  }

  #notice(text = '', more = []) {
    this.#ui.notice.hidden = !text
    if (this.#ui.notice.firstChild?.textContent === text) return
    this.#ui.notice.replaceChildren(h('p', text), ...more.filter(Boolean))
    this.#ui.status.textContent = text
  }

  #say(text, choose) {
    this.#ui.clear.textContent = this.#texts.clear
    this.#wantsLetter = false
    focusOn(this.#ui.scroll)
    this.#post('messages', choose ? {choose} : {text}, text)
  }

  #askForPerson() {
    const {status} = this.#chat
    if (status === 'claimed') return this.#ui.field.focus()
    if (status !== 'waiting' && !this.#outbox.jobs.some(job => job.path === 'handover')) this.#post('handover', {}, this.#texts.talk_to_person)
    this.#openLetter()
    focusOn(this.#ui.letter)
    this.#wantsLetter = true
    this.#showEnd()
  }

  #post(path, body, text, onState = () => {}, key = hex(crypto.getRandomValues(new Uint8Array(16)))) {
    const job = {path, body, text, onState, key, tries: 0}
    if (text) {
      job.node = visitorNode(this.#texts, text)
      job.help = h('div.box.small', this.#help())
      job.help.hidden = true
      job.onState = state => (job.node.lastChild.textContent = state)
      job.timers = [wait(SLOW_S, () => this.#onSlow(job)), wait(60, () => (job.help.hidden = false))]
      job.node.lastChild.before(job.help)
      this.#ui.log.append(job.node)
    }
    job.onState(this.#texts.sending)
    if (this.#outbox.jobs[0] || !this.#clinic.clinic) this.#judge(job)
    this.#outbox.add(job)
    this.#settle()
    if (text) this.#showEnd()
  }

  async #getId(isMine) {
    if (!this.#pass) {
      const page_url = location.origin + location.pathname
      const {id, token, receipt} = await this.#line.request(`sites/${this.#site}/conversations`, {body: {language: this.lang, page_url}})
      if (isMine()) {
        this.#drawer.keep({id, token, receipt, isOpen: this.isOpen})
        this.#drawer.tell({pass: {id, token, receipt}})
      }
    }
    return this.#pass?.id
  }

  #onSent({node, help, key, timers = [], onState}, result) {
    if (!this.#line.isListening) this.#connect()
    timers.forEach(clearTimeout)
    help?.remove()
    onState(this.#texts.sent, true)
    const events = provisional(result)
    const [message, reply] = events
    if (this.#emergency === key) this.#emergency = reply?.seq
    if (message && !this.#nodeOf(message.seq)) node.dataset.seq = message.seq
    if (!node?.dataset.seq) node?.remove()
    events.forEach(event => this.#take(event))
    this.#settle()
    if (this.#wantsLetter) this.#showEnd()
  }

  #onRefused(job, {status, reply}, seconds) {
    const {onState, timers = [], help, node, key} = job
    if (reply?.outcome === 'emergency') this.#showEmergency(reply.message, key)
    if (seconds) {
      this.#onSlow(job)
      if (status === 429) onState(`${this.#texts.retrying} (${seconds} s)`)
      if (help && (status || job.tries > 1)) help.hidden = false
    } else {
      timers.forEach(clearTimeout)
      onState(this.#texts.not_sent)
      node?.append(h('div.box.stack', h('p', reply?.message ?? this.#texts.not_passed_on), this.#personButton()))
    }
    this.#settle()
  }

  #onSlow(job) {
    job.onState(this.#texts.retrying)
    this.#judge(job)
  }

  #judge({body, text, key}) {
    if (this.#isEmergency(`${text ?? ''} ${body.text ?? ''}`)) this.#showEmergency(this.#texts.emergency, key)
  }

  #onGone() {
    const {jobs} = this.#outbox
    const draft = [...jobs.map(job => job.body.text), this.#ui.field.value].filter(Boolean).join('\n')
    this.#line.hangUp()
    jobs.forEach(job => job.onState(this.#texts.not_sent))
    this.#outbox.clear()
    this.#drawer.empty()
    this.#drawer.keep({draft})
    this.#ui.letter.hidden = true
    this.#settle()
    this.#notice(this.#texts.ended, [button(this.#texts.restart, () => {
      this.reset()
      this.#ui.field.value = draft
      this.#onInput()
      this.#ui.field.focus()
    })])
  }

  #connect() {
    if (!this.#ui.log.firstChild) {
      this.#ui.log.ariaLive = 'off'
      wait(1.5, () => (this.#ui.log.ariaLive = 'polite'))
    }
    const {id} = this.#pass
    this.#drawer.tell({id, since: this.#chat.last})
    const lead = (signal, action) => this.#drawer.alone(id, signal, action)
    this.#line.listen(id, lead, {
      last: () => this.#chat.last,
      onEvent: event => {
        this.#drawer.tell({id, event})
        this.#hear(event)
      },
      onLost: () => this.#notice(this.#texts.reconnecting),
      onGone: () => this.#onGone()
    })
  }

  #hear(event) {
    if (event?.kind === 'typing') this.#showTyping(true)
    else if (event?.kind !== 'reset') event && this.#take(event)
    else if (event.body.reason === 'erased') this.#onGone()
    else {
      this.#chat = NEW_CHAT
      this.#ui.log.replaceChildren(...this.#outbox.jobs.map(job => job.node).filter(Boolean))
    }
  }

  async #take(event) {
    const {seq, kind, author, body} = event
    const isSound = await areSound(body.reply?.quotes ?? [])
    const before = this.#chat
    const chat = (this.#chat = reduce(before, event))
    if (chat === before) return
    const known = before.items.find(item => item.seq === seq)?.kind
    if (known !== kind) {
      if (known) this.#nodeOf(seq)?.remove()
      if (kind === 'emergency') this.#showEmergency(body.reply.message, seq, this.#ui.log.ariaLive !== 'off')
      else this.#place(event, isSound)
    }
    const isNew = chat.status !== before.status
    if (chat.status === 'waiting' && kind === 'handover') (isNew || !this.#ui.letter.hidden) && this.#openLetter()
    else if (isNew) this.#ui.letter.hidden = true
    if (isNew) this.#news('handover', {status: chat.status})
    if (author === 'advocate') {
      this.#showTyping(false)
      if (!this.isOpen) this.#count(this.#unread + 1)
      this.#saySeen()
    }
    this.#settle()
    if (author !== 'visitor' && kind !== 'emergency') this.#showEnd()
  }

  #nodeOf(seq) {
    return this.#ui.log.querySelector(`[data-seq="${seq}"]`)
  }

  #place(event, isSound) {
    const {seq, author, body} = event
    const [job] = this.#outbox.jobs
    const isBeingSent = author === 'visitor' && job?.path === 'messages' && job.text === body.text
    const node = this.#nodeOf(seq) ?? (isBeingSent ? job.node : this.#render(event, isSound))
    if (!node) return
    node.dataset.seq = seq
    const next = [...this.#ui.log.children].find(other => other !== node && !(other.dataset.seq < seq)) ?? null
    if (!node.isConnected || node.nextSibling !== next) this.#ui.log.insertBefore(node, next)
  }

  #render({seq, kind, author, body}, isSound) {
    const {reply, text, to, name} = body
    if (author === 'advocate') return advocateNode(this.#texts, this.#actions, isSound ? body : {text}, h('span.who.small', icon('person'), this.#named('{}', name)), this.lang)
    if (reply) return isSound ? replyNode(this.#texts, this.#actions, reply, seq, this.lang) : h('div.item', h('p', this.#texts.not_passed_on), this.#personButton())
    if (kind === 'correction') return h('div.item.box', h('b', this.#texts.correction), h('p.said', text))
    if (author === 'visitor' && text) return visitorNode(this.#texts, text)
    const line = {claimed: this.#texts.joined, released: {assistant: this.#texts.assistant_again, call_back: this.#texts.unclaimed}[to] ?? this.#texts.left, closed: this.#texts.closed, message: text}[kind]
    return line && h('p.item.line.small', this.#named(line, name))
  }

  #personButton() {
    return personButton(this.#texts, this.#actions)
  }

  #showEmergency(text, about, isLive = true) {
    const isNew = isLive && this.#emergency !== about
    const [first] = /^.+?[.!](?= )/.exec(text) ?? ['']
    this.#emergency = about
    this.#ui.danger.role = isNew ? 'alert' : 'group'
    this.#ui.danger.hidden = this.#ui.calls.hidden = false
    this.#ui.danger.replaceChildren(h('h3', first), h('p', text.slice(first.length)))
    if (!isNew) return
    this.open(false)
    this.#ui.danger.focus()
    if (!this.#isLow) this.#showEnd()
  }

  #showTyping(isTyping) {
    clearTimeout(this.#typingTimer)
    this.#ui.writing.hidden = !isTyping
    this.#ui.writing.textContent = this.#named(this.#texts.typing)
    if (isTyping) this.#typingTimer = wait(6, () => this.#showTyping(false))
  }

  #openLetter() {
    const {letter} = this.#ui
    const {hasLetter} = this.#chat
    letter.hidden = false
    if (letter.isTouched) return
    const {name} = letter.querySelector(':focus') ?? {}
    const form = hasLetter ? '' : this.#letterForm()
    const title = this.#named(hasLetter ? this.#texts.passed_on : this.#texts.letter_to)
    letter.replaceChildren(h('h3.who', {id: 'letter'}, icon('person'), title), form, h('p.small.receipt'))
    if (name) form.elements[name].focus()
    if (this.#pass) this.#line.request(`conversations/${this.#pass.id}/place`).then(({before}) => this.#settle((this.#before = before)), () => {})
    this.#settle()
  }

  #letterForm() {
    const {letter, scroll} = this.#ui
    const {items} = this.#chat
    const {seq, body} = items.filter(({author, body}) => author === 'visitor' && body.text).at(-1) ?? {body: {}}
    const isPassedOn = items.some(item => item.body.reply?.handed_over && item.seq === seq + 1)
    const onTouch = () => (letter.isTouched = true)
    const onLater = () => {
      letter.hidden = true
      focusOn(scroll)
    }
    const onSend = (sent, say) => {
      onTouch()
      focusOn(letter)
      this.#post('handover', sent, '', (said, isSent) => {
        say(said)
        if (!isSent) return
        this.#chat = {...this.#chat, hasLetter: true}
        letter.isTouched = false
        this.#openLetter()
      })
    }
    const passedOn = isPassedOn ? this.#named(this.#texts.passed_on) : ''
    return letterForm(this.#texts, {text: body.text ?? '', passedOn, share: this.#named(this.#texts.letter_share), ...this.#visitor, mail: this.#clinic.mail, onTouch, onLater, onSend})
  }

  #settle() {
    const {status, seen, hasLetter} = this.#chat
    const [job] = this.#outbox.jobs
    const isLive = status === 'claimed'
    this.#ui.about.textContent = isLive ? this.#named(this.#texts.talking_with) : this.#texts.subtitle
    this.#ui.personText.textContent = this.#named({claimed: this.#texts.talking_with, waiting: hasLetter ? this.#texts.passed_on : this.#texts.add_details}[status] ?? this.#texts.talk_to_person)
    this.#ui.first.hidden = this.#ui.log.firstChild || !this.#ui.danger.hidden
    this.#ui.clear.hidden = !this.#pass && !this.#ui.log.firstChild
    this.#ui.looking.hidden = isLive || job?.path !== 'messages' || job.tries
    for (const node of this.#ui.log.querySelectorAll('.mine[data-seq]')) node.lastChild.textContent = this.#named(node.dataset.seq < seen ? this.#texts.seen_by : this.#texts.sent)
    const receipt = this.#pass?.receipt
    this.#ui.letter.querySelector('.receipt')?.replaceChildren(...(receipt ? [this.#clinic.answer_by ?? '', ' ', this.#before ? fill(this.#texts.before_you, this.#before) : '', ' ', `${this.#texts.receipt}: `, h('b', receipt), '. ', h('a', {href: `${HOST}/receipts?lang=${this.lang}`, target: '_blank', rel: 'noopener'}, this.#texts.receipt_hint)] : []))
  }

  // What to read next: the letter that was asked for, or else the answer below the visitor's words; on a very low screen its mark
  #showEnd() {
    const {letter, log} = this.#ui
    const mine = this.#chat.status !== 'claimed' && [...log.querySelectorAll('.mine')].at(-1)
    const mark = this.#isLow && mine && log.lastChild.querySelector('mark,blockquote')
    if (log.firstChild) this.#reveal((this.#wantsLetter && !letter.hidden && letter) || mark || mine || log.lastChild)
  }

  #reveal(node) {
    for (const box of [this.#ui.scroll, this.#ui.frame]) box.scrollTop += node.getBoundingClientRect().top - box.getBoundingClientRect().top - 12
  }

  #count(count) {
    if (count === this.#unread) return
    this.#unread = this.#ui.badge.textContent = count
    this.#ui.badge.hidden = !count
    this.#ui.status.textContent = count ? `${this.#named('{}')}: ${count}` : ''
    this.#news('unread', {count})
  }

  #news(name, detail) {
    this.dispatchEvent(new CustomEvent(`advocate:${name}`, {bubbles: true, detail}))
  }

  #onSubmit(event) {
    event.preventDefault()
    const text = this.#ui.field.value.trim()
    if (!text || excess(text)) return
    this.#ui.field.value = ''
    this.#onInput()
    this.#say(text)
    focusOn(this.#ui.field)
  }

  #onKey(event) {
    const {key, target, shiftKey, isComposing, keyCode} = event
    if (isComposing || keyCode === COMPOSING) return
    if (key === 'Escape') this.close()
    if (key === 'Tab' && this.#isSheet) this.#turnBack(event)
    if (key !== 'Enter' || target !== this.#ui.field || shiftKey) return
    event.preventDefault()
    this.#ui.form.requestSubmit()
  }

  // A sheet covers the page, so Tab stays within it
  #turnBack(event) {
    const stops = [...this.#ui.panel.querySelectorAll('a[href],button,textarea,input,[tabindex="0"]')].filter(one => one.getClientRects()[0] && one.tabIndex === 0)
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]]
    if (event.target !== from) return
    event.preventDefault()
    to.focus()
  }

  #onInput() {
    this.#ui.field.style.height = 'auto'
    this.#ui.field.style.height = `${this.#ui.field.scrollHeight + 2}px`
    const {value} = this.#ui.field
    const over = excess(value.trim())
    this.#drawer.keep({draft: value || undefined})
    this.#ui.long.textContent = over ? fill(this.#texts.long_message, over) : ''
    this.#ui.field.ariaInvalid = Boolean(over)
    if (over && this.#isEmergency(value)) this.#showEmergency(this.#texts.emergency, 'draft')
    if (!value || this.#chat.status !== 'claimed' || Date.now() - this.#typedAt < 4000) return
    this.#typedAt = Date.now()
    this.#line.request(`conversations/${this.#pass.id}/typing`, {body: {}}).catch(() => {})
  }

  #onClear() {
    if (this.#ui.clear.textContent === this.#texts.clear) return (this.#ui.clear.textContent = this.#texts.clear_sure)
    this.reset()
    this.#ui.field.focus()
  }

  #listen() {
    const {signal} = (this.#listening = new AbortController())
    const on = (target, names, listener) => names.split(' ').forEach(name => target?.addEventListener(name, listener, {signal}))
    on(document, 'visibilitychange', () => this.#onAwake())
    on(window, 'pageshow online', () => this.#onAwake())
    on(window, 'hashchange', () => this.#isLinkedTo && this.open())
    on(window.visualViewport, 'resize scroll', () => this.#fit())
    on(document, 'focusin', event => this.#uncover(event.target))
    on(document, 'click', event => {
      const {launcher} = this.dataset
      if (!launcher || !event.target.closest?.(launcher)) return
      event.preventDefault()
      this.toggle()
    })
  }

  #onAwake() {
    const isHandedOver = /waiting|claimed/.test(this.#chat.status)
    if (document.hidden) return isHandedOver || this.#line.hangUp()
    this.#line.wake()
    if (this.#pass && (this.isOpen || isHandedOver)) this.#connect()
    this.#saySeen()
  }

  #saySeen() {
    const {seen} = this.#chat
    // what a person wrote and is on the screen needs no mail
    if (!seen || !this.isOpen || document.hidden) return
    this.#line.request(`conversations/${this.#pass.id}/seen`, {body: {seq: seen}}).catch(() => {})
  }

  get #isLow() {
    return this.#ui.panel.clientHeight < LOW_PX
  }

  get #isInline() {
    return 'inline' in this.dataset
  }

  get #isSheet() {
    return !this.#isInline && matchMedia('(max-width:37.49em)').matches
  }

  get #isLinkedTo() {
    return location.hash && location.hash === this.dataset.open
  }

  #fit() {
    const {visualViewport: view} = window
    const {style} = this.#ui.root
    if (!view || view.scale > 1.01) return
    style.setProperty('--tall', `${view.height}px`)
    style.setProperty('--top', `${view.offsetTop}px`)
  }

  #uncover(target) {
    const {left, top, width, height} = target.getBoundingClientRect()
    if (target === this || document.elementFromPoint(left + width / 2, top + height / 2) !== this) return
    if (this.isOpen) this.close(false)
    else target.scrollIntoView({block: 'center'})
  }
}
