// Patient Advocate: the visitor's chat. How and why: README.md
;(() => {
const TEXTS = {
  launch: ['Questions? Ask us', '¿Preguntas? Escríbanos'],
  about: [
    'Automated answers from our page. A person is one tap away',
    'Respuestas automáticas de nuestra página. Una persona está a un toque'
  ],
  live: ['You are talking with {}', 'Está hablando con {}'],
  close: ['Close the chat', 'Cerrar el chat'],
  person: ['Talk to a person', 'Hablar con una persona'],
  passedOn: ['Passed on to {}', 'Enviado a {}'],
  details: ['Add details for {}', 'Añadir datos para {}'],
  callLine: ['Emergency? Call 911', '¿Emergencia? Llame al 911'],
  field: ['Type your question', 'Escriba su pregunta'],
  send: ['Send', 'Enviar'],
  you: ['You', 'Usted'],
  assistant: ['Automated assistant', 'Asistente automático'],
  advocate: ['our patient advocate', 'nuestra defensora del paciente'],
  fromPage: ['From our page', 'De nuestra página'],
  reviewed: ['Reviewed by the clinic on {}', 'Revisado por la clínica el {}'],
  unreviewed: ['Not yet reviewed by the clinic', 'Aún no revisado por la clínica'],
  read: ['Read it on the page', 'Leerlo en la página'],
  note: ['When to call', 'Cuándo llamar'],
  needed: ['Was this what you needed?', '¿Era esto lo que necesitaba?'],
  yes: ['Yes', 'Sí'],
  no: ['No, I’d like a person', 'No, quiero hablar con una persona'],
  thanks: ['Thank you.', 'Gracias.'],
  closest: ['Closest on our page:', 'Lo más parecido en nuestra página:'],
  none: ['None of these, ask a person', 'Nada de esto, quiero hablar con una persona'],
  sending: ['Sending', 'Enviando'],
  sent: ['Sent', 'Enviado'],
  seen: ['Seen by {}', 'Visto por {}'],
  writing: ['{} is writing', '{} está escribiendo'],
  retrying: ['Not sent yet, trying again', 'Aún no enviado, se intenta de nuevo'],
  notSent: ['Not sent', 'No enviado'],
  joined: ['{} is here and can read this chat.', '{} está aquí y puede leer este chat.'],
  left: ['{} had to go. Your messages are kept.', '{} tuvo que irse. Sus mensajes se conservan.'],
  back: ['The automated assistant answers again.', 'El asistente automático responde otra vez.'],
  closed: ['{} has closed this chat. You can ask again.', '{} cerró este chat. Puede preguntar de nuevo.'],
  correction: ['Correction from the clinic', 'Corrección de la clínica'],
  unreachable: [
    'Chat is not reachable right now. What you write is kept here and sent later.',
    'El chat no está disponible ahora. Lo que escriba se conserva aquí y se envía después.'
  ],
  reconnecting: ['Reconnecting. Your messages are kept.', 'Reconectando. Sus mensajes se conservan.'],
  ended: ['This chat has ended or was erased.', 'Este chat ha terminado o fue borrado.'],
  restart: ['Start a new chat', 'Empezar otro chat'],
  help: [
    'If this is an emergency, call 911. Thoughts of suicide or self-harm? Call or text 988.',
    'Si es una emergencia, llame al 911. ¿Pensamientos de suicidio o de hacerse daño? Llame al 988 (oprima 2 para español).'
  ],
  emergency: [
    'This may be an emergency. Call 911 now or go to the nearest emergency room. Do not wait for a reply here. If you or someone else may be thinking of suicide or self-harm, call or text 988 at any time.',
    'Esto puede ser una emergencia. Llame al 911 ahora o vaya a la sala de emergencias más cercana. No espere una respuesta aquí. Si usted u otra persona piensa en el suicidio o en hacerse daño, llame al 988 (oprima 2 para español).'
  ],
  notPassedOn: [
    'I could not reach our patient advocate. Please contact the clinic directly, and call 911 if it is urgent.',
    'No pude comunicarme con nuestra defensora del paciente. Llame directamente a la clínica y, si es urgente, al 911.'
  ],
  call911: ['Call 911', 'Llamar al 911'],
  call988: ['Call or text 988', 'Llamar al 988'],
  letter: ['Your message to {}', 'Su mensaje para {}'],
  optional: ['Nothing below is required.', 'Nada de lo siguiente es obligatorio.'],
  words: ['What is passed on', 'Lo que se envía'],
  name: ['Your name', 'Su nombre'],
  contact: [
    'Phone or email, if you want a reply later',
    'Teléfono o correo, si desea una respuesta más tarde'
  ],
  share: [
    '{} may also read what I asked earlier in this chat',
    '{} también puede leer lo que pregunté antes en este chat'
  ],
  later: ['Not now', 'Ahora no'],
  receipt: ['Receipt code: ', 'Código de recibo: '],
  keepIt: [
    '. Keep it to read or erase this chat later.',
    '. Guárdelo para leer o borrar este chat más tarde.'
  ],
  clear: ['Clear this chat', 'Borrar este chat'],
  clearSure: ['Press again to clear it here', 'Oprima otra vez para borrarlo aquí']
}

// For when the server cannot judge
const NEAR = [
  ['chest|pecho', 'pain|pressure|tight|hurt|dolor|duele|presion'],
  ['breath|respirar', 'cant|cannot|hard|trouble|short|not|no pued|cuesta'],
  ['face|lips?|tongue|throat|cara|lengua|garganta', 'swell|swollen|droop|closing|hinch'],
  ['fever|chills|draining|red streak|fiebre', 'knee|joint|leg|rodilla'],
  ['calf|pantorrilla', 'swell|swollen|hot|hinch'],
  ['leg|foot|arm|pierna', '(cant|cannot|no puedo) (move|feel|mover)|blue'],
  ['sudden|worst|loss|lost|losing|cant', 'weak|numb|blind|confus|headache|sight|vision|see\\b'],
  ['blood|bleed|sangr', 'cough|vomit|stop|\\btos|no para'],
  ['want|going|better|quier', '\\bdie\\b|\\bdead\\b|morir'],
  ['kill|hurt|harm|end|take', 'myself|himself|herself|my life|it all'],
  ['not?|dont', '(want to|quiero) (live|be here|vivir)']
]
const ALONE =
  /heart attack|infarto|gasping|choking|ahogo|faint|pass(ed|ing) out|collapsed|unconscious|wont wake|seizure|desmay|inconscien|convuls|slurr|wheez|bladder|bowel|bone.{0,9}(stick|through)|hit (my|his|her) head|overdos|poison|too many pills|sobredosis|envenen|suicid|self.?harm|matarme|quitarme la vida|hacerme dano|ambulance/
const SIGNS = NEAR.map(([one, other]) => new RegExp(`(${one}).{0,30}(${other})|(${other}).{0,30}(${one})`, 's')).concat(ALONE)

function isEmergency(text) {
  const plain = text.normalize('NFD').replace(/\p{M}|['’]/gu, '').toLowerCase()
  return SIGNS.some(sign => sign.test(plain))
}

const backOff = tries => Math.min(30, 2 ** tries)

const mayRetry = status => !status || status >= 500 || status === 408 || status === 429

// One chat a page: its texts in the page's language, and the parts that change
const t = {}
let ui

const fill = (text, value) => text.replace('{}', () => value)

// Offsets count code points
function slices(text, [start, end] = []) {
  const points = [...text]
  if (!(start >= 0 && start < end && end <= points.length)) return [text, '', '']
  return [points.slice(0, start), points.slice(start, end), points.slice(end)].map(part => part.join(''))
}

function eventReader(onEvent) {
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

function attempt(action) {
  try {
    return action()
  } catch {
    return null
  }
}

const parseEvent = ({id, event, data}) =>
  attempt(() => {
    const {seq, kind, author, at, ...body} = JSON.parse(data)
    return {seq: seq ?? Number(id), kind: event, author, body}
  })

function provisional({message, reply}) {
  if (!message) return []
  const {seq, author, text} = message
  const events = [{seq, kind: 'message', author, body: {text}}]
  if (reply) events.push({seq: seq + 1, kind: reply.outcome === 'smalltalk' ? 'message' : reply.outcome, author: 'assistant', body: {reply}})
  return events.map(event => ({...event, isProvisional: true}))
}

const NEW_CHAT = {last: 0, items: [], status: 'assistant', name: '', seen: 0, hasLetter: false}

// Each event once, in order; a provisional one gives way to the stream's
function reduce(chat, event) {
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

function safeLink(link, base) {
  const url = attempt(() => new URL(link, base))
  return /^https?:/.test(url) ? url.href : null
}

async function areSound(quotes, subtle = globalThis.crypto?.subtle) {
  for (const {text, sha256} of subtle ? quotes : []) {
    if (hex(await subtle.digest('SHA-256', new TextEncoder().encode(text))) !== sha256) return false
  }
  return true
}

const hex = bytes => Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('')

const STYLES = `
:host{all:initial!important;display:contents!important}
:host([hidden]),[hidden]{display:none!important}
*,*::before,*::after{box-sizing:border-box}
.root{--accent:#0b6b6b;--radius:10px;--font:system-ui,sans-serif;--ink:#1b2733;--soft:#4a5a68;--paper:#fff;--wash:#f4f7f9;--line:#d5dee5;--on:#fff;--a:var(--accent);--tint:#e3f1f0;--mark:#bfe0de;--warm:#fff6e8;--amber:#8a5a00;--gold:#e6c78f;--redtext:#8c1d18;--redwash:#fdecea;color-scheme:light;font:400 1.0625em/1.5 var(--font);color:var(--ink);overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
@supports (color:color-mix(in srgb,red,red)){.root{--tint:color-mix(in srgb,var(--accent) 11%,#fff);--mark:color-mix(in srgb,var(--accent) 25%,#fff)}
@media (prefers-color-scheme:dark){.root{--ink:#e8eef2;--soft:#b3c0ca;--paper:#141c23;--wash:#202b34;--line:#33424e;--on:#06201f;--a:color-mix(in srgb,var(--accent) 48%,#d8fffb);--tint:color-mix(in srgb,var(--accent) 24%,#141c23);--mark:color-mix(in srgb,var(--accent) 60%,#141c23);--warm:#2d2413;--amber:#efc06a;--gold:#6b5527;--redtext:#ffdad6;--redwash:#3d1411;color-scheme:dark}}}
h2,h3,p,blockquote{margin:0;font:inherit}
h2,h3,b,label,.strong,.label,.who,.main,.plain,.person,.base a{font-weight:600}
.small{font-size:.882em}
.soft,.line{color:var(--soft)}
.sr{position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
svg{width:1.3em;height:1.3em;flex:none;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
a,.link{color:var(--a);text-decoration:underline}
button,.call{font:inherit;color:inherit;cursor:pointer;min-height:44px;border:1px solid transparent;border-radius:var(--radius);padding:8px 16px;background:none;display:flex;align-items:center;justify-content:center;gap:8px;text-align:start}
:focus-visible{outline:3px solid var(--a);outline-offset:2px}
.main{background:var(--a);color:var(--on)}
.main:hover,.call:hover{filter:brightness(.88)}
.plain{border-color:var(--soft);background:var(--paper);color:var(--a)}
.plain:hover,.x:hover{background:var(--tint)}
.link{padding:8px 4px}
.launch,.panel{position:fixed;z-index:2147483647;right:16px;bottom:calc(16px + env(safe-area-inset-bottom));max-width:calc(100vw - 32px);box-shadow:0 4px 24px #0f1f2e40}
.left>*{right:auto;left:16px}
.launch{min-height:56px;padding:8px 24px 8px 20px;border-radius:28px}
.count{border:2px solid;border-radius:16px;padding:0 8px}
.panel{width:calc(400em/17);height:calc(640em/17);max-height:calc(100vh - 32px);container:panel/size;background:var(--paper);border:1px solid var(--line);border-radius:var(--radius);overflow:hidden}
.frame{display:flex;flex-direction:column;height:100%;border-top:4px solid var(--a)}
.frame>*{flex:none}
.head{display:flex;align-items:center;padding:8px 4px 8px 16px;border-bottom:1px solid var(--line);line-height:1.35}
.head div,.write label{flex:1;min-width:0}
.x{padding:0;width:44px}
.danger,.calls{background:var(--redwash);color:var(--redtext)}
.danger{padding:12px 16px;border-top:4px solid #b3261e;font-size:1.18em;line-height:1.4;max-height:60%;overflow-y:auto}
.danger h3{font-size:1.25em}
.danger:focus,.scroll:focus-visible,.letter:focus-visible{outline-offset:-4px;outline-color:currentColor}
.danger:not(:focus){max-height:25%}
.calls{padding:8px 16px 12px}
.call{flex:1 1 auto;padding:8px;min-height:52px;background:#b3261e;color:#fff;font-weight:700;font-size:1.12em;text-decoration:none}
.call+.call{background:none;border:2px solid;color:inherit}
.scroll{flex:1 1 0;min-height:0;overflow-y:auto;overscroll-behavior:contain;padding:16px}
.stack,.log,.item,.letter,.clip,.bars{display:flex;flex-direction:column;gap:12px}
.log{gap:16px}
.starters{gap:8px}
.starters>.plain{justify-content:flex-start;font-weight:500}
.bubble,.said,blockquote{white-space:pre-wrap;unicode-bidi:plaintext}
.bubble,.box,.letter{background:var(--wash);border:1px solid var(--line);border-radius:var(--radius);padding:8px 12px}
.bubble{max-width:88%}
.mine,.staff{align-items:flex-end;gap:4px}
.staff{align-items:flex-start}
.staff .bubble,.letter{background:var(--warm);border-color:var(--gold)}
.who{display:flex;align-items:center;gap:6px}
.who svg,.person svg{color:var(--amber)}
.line{text-align:center}
.item:not(:last-child) .offer{display:none}
.mine:has(~.mine)>:last-child{display:none}
.clip,.letter,.box{padding:12px 16px}
.clip{gap:4px;background:var(--tint);border-inline-start:4px solid var(--a)}
.clip blockquote{margin:4px 0;font-size:1.06em}
.label{color:var(--a)}
mark{background:var(--mark);color:inherit;border-radius:2px}
.row,.base{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:center}
.row a,.base a{padding:11px 0}
.box{background:none;border-color:var(--soft);border-inline-start:4px solid var(--amber)}
.notice{margin:8px 16px 0}
.bars{gap:8px;animation:show 1ms .3s both}
.bars i{height:12px;border-radius:6px;background:var(--line)}
@keyframes show{from{opacity:0}}
label{display:flex;flex-direction:column;gap:4px}
.check{flex-direction:row;gap:12px;font-weight:400;padding:10px 0}
.check input{width:24px;height:24px;margin:0;flex:none;accent-color:var(--a)}
textarea,.letter input:not([type]){font:400 max(1em,16px)/1.5 var(--font);color:var(--ink);background:var(--paper);border:1px solid var(--soft);border-radius:var(--radius);padding:9px 12px;width:100%;min-height:46px;resize:none}
::placeholder{color:var(--soft);opacity:1}
.person{border-radius:0;border-block-color:var(--gold);background:var(--warm);padding:4px 16px}
.write{display:flex;gap:8px;align-items:flex-end;padding:8px 16px 4px;background:var(--paper)}
.write textarea{max-height:7em}
.base{justify-content:space-between;padding:0 16px env(safe-area-inset-bottom)}
.base a{color:var(--ink)}
@container panel (max-height:430px){.frame{overflow-y:auto;display:block}.person{width:100%}.scroll{overflow:visible}.danger.danger{max-height:none}.write{position:sticky;bottom:0;border-top:1px solid var(--line)}.calls{position:sticky;top:0;bottom:58px}.head p{display:none}}
@media (max-width:37.49em){.panel{inset:var(--top,0) 0 auto!important;width:100%;max-width:none;height:var(--tall,100dvh);max-height:none;border:0;border-radius:0}}
@media (prefers-reduced-motion:no-preference){.panel{animation:show .15s ease-out}}
@media print{button,.write,.base{display:none}.panel,.frame,.scroll{position:static;display:block;height:auto;max-height:none;width:auto;max-width:none;overflow:visible;container-type:normal}}
`

const ICONS = {
  chat: 'M4 5h16v11H9l-5 4z M8 9h8 M8 12h5',
  x: 'm6 6 12 12M18 6 6 18',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z M4 20c1-4 4-6 8-6s7 2 8 6'
}

function h(name, ...children) {
  const [tag, ...classes] = name.split('.')
  const node = document.createElementNS(`http://www.w3.org/${/svg|path/.test(tag) ? '2000/svg' : '1999/xhtml'}`, tag)
  node.classList.add(...classes)
  const attributes = children[0]?.constructor === Object ? children.shift() : {}
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value)
    else node.setAttribute(key, value)
  }
  node.append(...children.flat().filter(Boolean))
  return node
}

const icon = name => h('svg', {viewBox: '0 0 24 24', 'aria-hidden': true}, h('path', {d: ICONS[name]}))
const button = (text, onclick, kind = 'plain') => h(`button.${kind}`, {type: 'button', onclick}, text)
const phoneLink = number => h('a', {href: `tel:${number.replace(/[^\d+]/g, '')}`}, number)
const wait = (seconds, then) => setTimeout(then, seconds * 1000)
const focusOn = node => node.focus({preventScroll: true})

const SLOW_S = 8 // then our own emergency list speaks
const GONE = [401, 403, 404, 410]

class AdvocateChatElement extends (globalThis.HTMLElement ?? Object) {
  #clinic = {}
  #pass = null // {id, token, receipt, isOpen}: all that is kept
  #chat = NEW_CHAT
  #outbox = []
  #isSending
  #line
  #wakers = new Set()
  #emergency
  #unread = 0
  #typedAt = 0
  #typingTimer
  #listening

  connectedCallback() {
    if (ui && !this.shadowRoot) return
    this.#listen()
    if (this.shadowRoot) return
    const isSpanish = /^es\b/i.test(this.dataset.lang || document.documentElement.lang)
    this.lang = isSpanish ? 'es' : 'en'
    for (const name in TEXTS) t[name] = TEXTS[name][Number(isSpanish)]
    this.#build()
    this.#pass = attempt(() => JSON.parse(sessionStorage.getItem(`advocate:${this.#site}`)))
    queueMicrotask(() => this.#news('ready'))
    if (this.#isLinkedTo) this.open()
    else if (this.#pass?.isOpen && !this.#isSheet) this.open(false)
  }

  disconnectedCallback() {
    this.#listening?.abort()
    queueMicrotask(() => this.isConnected || this.#hangUp())
  }

  get isOpen() {
    return ui?.panel.hidden === false
  }

  open(takesFocus = true) {
    if (!this.isOpen) {
      ui.panel.hidden = false
      ui.launch.hidden = true
      this.#fit()
      this.#count(0)
      if (!this.#clinic.clinic) this.#ask()
      this.#keep(this.#pass && {isOpen: true})
      if (this.#pass) this.#connect()
      this.#news('open')
    }
    if (takesFocus) focusOn(ui.field)
  }

  close(givesFocus = true) {
    if (!this.isOpen) return
    ui.panel.hidden = true
    ui.launch.hidden = Boolean(this.dataset.launcher)
    this.#keep(this.#pass && {isOpen: false})
    if (givesFocus) (ui.launch.hidden ? document.querySelector(this.dataset.launcher) : ui.launch)?.focus()
    this.#news('close')
  }

  toggle() {
    if (this.isOpen) this.close()
    else this.open()
  }

  reset() {
    this.#hangUp()
    this.#outbox = []
    this.#wake()
    this.#keep(null)
    this.#chat = NEW_CHAT
    this.#emergency = null
    ui.log.replaceChildren()
    ui.letter.hidden = ui.danger.hidden = ui.calls.hidden = true
    ui.letter.isTouched = false
    this.#count(0)
    this.#notice()
    this.#settle()
    ui.clear.textContent = t.clear
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
    ui = {
      title: h('h2', {id: 'title'}, 'Chat'),
      about: h('p.small.soft'),
      danger: h('div.danger', {tabindex: 0}),
      calls: h('div.row.calls', ['911', '988'].map(number => h('a.call', {href: `tel:${number}`}, t[`call${number}`]))),
      notice: h('div.box.notice.stack'),
      first: h('div.stack'),
      log: h('div.log', {role: 'log', 'aria-labelledby': 'title', 'aria-live': 'polite'}),
      looking: h('div.bars', h('i'), h('i')),
      writing: h('p.line.small'),
      letter: h('section.letter', {tabindex: -1, 'aria-labelledby': 'letter'}),
      personText: h('span'),
      field: h('textarea', {rows: 1, maxlength: 4000, placeholder: t.field, enterkeyhint: 'send', oninput: () => this.#onInput()}),
      clear: button(t.clear, () => this.#onClear(), 'link'),
      status: h('p.sr', {role: 'status'}),
      badge: h('span.count')
    }
    ui.launch = button([icon('chat'), t.launch, ui.badge], () => this.open(), 'main.launch')
    ui.scroll = h('div.scroll', {tabindex: 0, role: 'group', 'aria-labelledby': 'title'}, ui.first, h('div.stack', ui.log, ui.looking, ui.writing, ui.letter))
    ui.form = h('form.write', {onsubmit: event => this.#onSubmit(event)}, h('label', h('span.sr', t.field), ui.field), h('button.main', t.send))
    ui.frame = h('div.frame',
      h('div.head', h('div', ui.title, ui.about), button([icon('x'), h('span.sr', t.close)], () => this.close(), 'x')),
      ui.danger, ui.calls, ui.notice, ui.scroll,
      this.#personButton([icon('person'), ui.personText], 'person'),
      ui.form,
      h('div.base.small', h('a', {href: 'tel:911'}, t.callLine), ui.clear))
    ui.panel = h('div.panel', {role: 'dialog', 'aria-labelledby': 'title', onkeydown: event => this.#onKey(event)}, ui.frame)
    ui.root = h('div.root', {dir: 'ltr'}, ui.launch, ui.panel, ui.status)
    ui.root.classList.toggle('left', this.dataset.position === 'left')
    ui.launch.hidden = Boolean(this.dataset.launcher)
    for (const part of ['panel', 'badge', 'danger', 'calls', 'notice', 'writing', 'letter']) ui[part].hidden = true
    root.append(ui.root)
    this.#settle()
  }

  async #ask(tries = 0) {
    try {
      const {clinic, greeting, starters, look} = (this.#clinic = await this.#request(`sites/${this.#site}?lang=${this.lang}`, {}, SLOW_S))
      ui.root.style.setProperty('--accent', look.accent)
      ui.root.style.setProperty('--radius', `${look.radius_px}px`)
      ui.root.style.setProperty('--font', look.font)
      ui.title.textContent = clinic
      ui.first.replaceChildren(h('p', greeting), h('div.stack.starters', starters.map(text => button(text, () => this.#say(text)))))
      this.#settle()
    } catch {
      this.#notice(t.unreachable, [...this.#help(), h('slot')])
      await this.#sleep(backOff(tries))
      if (!this.#clinic.clinic && this.isConnected) this.#ask(tries + 1)
    }
  }

  get #site() {
    return this.dataset.site || 'kneecare'
  }

  #named(text, name = this.#chat.name || this.#clinic.advocate || t.advocate) {
    return fill(text, name)
  }

  #help() {
    const {clinic, phone} = this.#clinic
    const line = t.help.split(/(911|988)/).map((part, index) => (index % 2 ? phoneLink(part) : part))
    return [h('p', line), phone && h('p', clinic, ': ', phoneLink(phone))]
  }

  #notice(text = '', more = []) {
    ui.notice.hidden = !text
    if (ui.notice.firstChild?.textContent === text) return
    ui.notice.replaceChildren(h('p', text), ...more.filter(Boolean))
    ui.status.textContent = text
  }

  #say(text, choose) {
    ui.clear.textContent = t.clear
    focusOn(ui.scroll)
    this.#post('messages', choose ? {choose} : {text}, text)
  }

  #askForPerson() {
    const {status} = this.#chat
    if (status === 'claimed') return ui.field.focus()
    if (status !== 'waiting' && !this.#outbox.some(job => job.path === 'handover')) this.#post('handover', {}, t.person)
    this.#openLetter()
    focusOn(ui.letter)
    this.#reveal(ui.letter)
  }

  #post(path, body, text, onState = () => {}) {
    const job = {path, body, text, onState, key: hex(crypto.getRandomValues(new Uint8Array(16))), tries: 0}
    if (text) {
      job.node = this.#visitorNode(text)
      job.help = h('div.box.small', this.#help())
      job.help.hidden = true
      job.onState = state => (job.node.lastChild.textContent = state)
      job.timers = [wait(SLOW_S, () => this.#onSlow(job)), wait(60, () => (job.help.hidden = false))]
      job.node.lastChild.before(job.help)
      ui.log.append(job.node)
    }
    job.onState(t.sending)
    this.#outbox.push(job)
    this.#settle()
    if (text) this.#showEnd()
    this.#send()
  }

  async #send() {
    if (this.#isSending) return
    this.#isSending = true
    while (this.#outbox[0]) {
      const [job] = this.#outbox
      const isMine = () => job === this.#outbox[0]
      try {
        if (!this.#pass) {
          const page_url = location.origin + location.pathname
          const {id, token, receipt} = await this.#request(`sites/${this.#site}/conversations`, {body: {language: this.lang, page_url}})
          if (isMine()) this.#keep({id, token, receipt, isOpen: this.isOpen})
        }
        const result = isMine() && (await this.#request(`conversations/${this.#pass.id}/${job.path}`, job))
        if (isMine()) this.#onSent(this.#outbox.shift(), result)
      } catch (error) {
        if (isMine()) await this.#onRefused(job, error)
      }
    }
    this.#isSending = false
  }

  #onSent({node, help, key, timers = [], onState}, result) {
    if (!this.#line) this.#connect()
    timers.forEach(clearTimeout)
    help?.remove()
    onState(t.sent, true)
    const events = provisional(result)
    const [message, reply] = events
    if (this.#emergency === key) this.#emergency = reply?.seq
    if (message && !this.#nodeOf(message.seq)) node.dataset.seq = message.seq
    if (!node?.dataset.seq) node?.remove()
    events.forEach(event => this.#take(event))
    this.#settle()
  }

  async #onRefused(job, {status, reply, retryAfter}) {
    const {onState, timers = [], path, help, node} = job
    if (reply?.outcome === 'emergency') this.#showEmergency(reply.message, job.key)
    if (mayRetry(status)) {
      const seconds = Math.max(retryAfter || 0, backOff(job.tries++))
      this.#onSlow(job)
      if (status === 429) {
        onState(`${t.retrying} (${seconds} s)`)
        if (help) help.hidden = false
      }
      this.#settle()
      return this.#sleep(seconds)
    }
    timers.forEach(clearTimeout)
    if (GONE.includes(status) && path !== 'feedback') return this.#onGone()
    this.#outbox.shift()
    onState(t.notSent)
    node?.append(h('div.box.stack', h('p', reply?.message ?? t.notPassedOn), this.#personButton()))
    this.#settle()
  }

  #onSlow({text, key, onState}) {
    onState(t.retrying)
    if (text && isEmergency(text)) this.#showEmergency(t.emergency, key)
  }

  #onGone() {
    const unsent = this.#outbox.map(job => job.body.text).filter(Boolean)
    this.#hangUp()
    this.#outbox.forEach(job => job.onState(t.notSent))
    this.#outbox = []
    this.#keep(null)
    ui.letter.hidden = true
    this.#settle()
    this.#notice(t.ended, [button(t.restart, () => {
      this.reset()
      ui.field.value ||= unsent.join('\n')
      ui.field.focus()
    })])
  }

  async #fetch(path, {body, key, last, signal}) {
    const headers = {}
    if (this.#pass) headers.Authorization = `Bearer ${this.#pass.token}`
    if (body) headers['Content-Type'] = 'application/json'
    if (key) headers['Idempotency-Key'] = key
    if (last) headers['Last-Event-ID'] = last
    const response = await fetch(`${HOST}/api/v1/${path}`, {method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal, credentials: 'omit'})
    if (!response.ok) throw {status: response.status, ...(await response.json().catch(() => {})), retryAfter: Number(response.headers.get('Retry-After'))}
    this.#notice()
    return response
  }

  async #request(path, {body, key}, patience_s = 20) {
    const response = await this.#fetch(path, {body, key, signal: AbortSignal.timeout?.(patience_s * 1000)})
    return response.json().catch(() => ({}))
  }

  async #connect() {
    this.#hangUp()
    const {signal} = (this.#line = new AbortController())
    let [tries, lost, silence] = [0]
    if (!ui.log.firstChild) {
      ui.log.ariaLive = 'off'
      wait(1.5, () => (ui.log.ariaLive = 'polite'))
    }
    while (!signal.aborted) {
      try {
        const response = await this.#fetch(`conversations/${this.#pass.id}/events`, {last: this.#chat.last, signal})
        clearTimeout(lost)
        lost = tries = 0
        const reader = response.body.getReader()
        const decoder = new TextDecoder()
        const read = eventReader(event => signal.aborted || this.#hear(parseEvent(event)))
        for (let piece = {}; !piece.done; piece = await reader.read()) {
          read(decoder.decode(piece.value, {stream: true}))
          clearTimeout(silence)
          silence = wait(40, () => reader.cancel())
        }
      } catch ({status}) {
        if (GONE.includes(status)) return this.#onGone()
      }
      clearTimeout(silence)
      if (signal.aborted) break
      lost ||= wait(5, () => signal.aborted || this.#notice(t.reconnecting))
      await this.#sleep(backOff(tries++))
    }
    clearTimeout(lost)
  }

  #hangUp() {
    this.#line?.abort()
    this.#line = null
  }

  #hear(event) {
    if (event?.kind === 'typing') this.#showTyping(true)
    else if (event?.kind !== 'reset') event && this.#take(event)
    else if (event.body.reason === 'erased') this.#onGone()
    else {
      this.#chat = NEW_CHAT
      ui.log.replaceChildren(...this.#outbox.map(job => job.node).filter(Boolean))
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
      if (kind === 'emergency') this.#showEmergency(body.reply.message, seq, ui.log.ariaLive !== 'off')
      else this.#place(event, isSound)
    }
    const isNew = chat.status !== before.status
    if (chat.status === 'waiting' && kind === 'handover') (isNew || !ui.letter.hidden) && this.#openLetter()
    else if (isNew) ui.letter.hidden = true
    if (isNew) this.#news('handover', {status: chat.status})
    if (author === 'advocate') {
      this.#showTyping(false)
      if (!this.isOpen) this.#count(this.#unread + 1)
    }
    this.#settle()
    if (author !== 'visitor' && kind !== 'emergency') this.#showEnd()
  }

  #nodeOf(seq) {
    return ui.log.querySelector(`[data-seq="${seq}"]`)
  }

  #place(event, isSound) {
    const {seq, author, body} = event
    const [job] = this.#outbox
    const isBeingSent = author === 'visitor' && job?.path === 'messages' && job.text === body.text
    const node = this.#nodeOf(seq) ?? (isBeingSent ? job.node : this.#render(event, isSound))
    if (!node) return
    node.dataset.seq = seq
    const next = [...ui.log.children].find(other => other !== node && !(other.dataset.seq < seq)) ?? null
    if (!node.isConnected || node.nextSibling !== next) ui.log.insertBefore(node, next)
  }

  #render({seq, kind, author, body}, isSound) {
    const {reply, text, to, name} = body
    if (reply) return isSound ? this.#replyNode(reply, seq) : h('div.item', h('p', t.notPassedOn), this.#personButton())
    if (kind === 'correction') return h('div.item.box', h('b', t.correction), h('p.said', text))
    if (author === 'visitor' && text) return this.#visitorNode(text)
    if (author === 'advocate') return h('div.item.staff', h('span.who.small', icon('person'), this.#named('{}', name)), h('div.bubble', text))
    const line = {claimed: t.joined, released: to === 'assistant' ? t.back : t.left, closed: t.closed, message: text}[kind]
    return line && h('p.item.line.small', this.#named(line, name))
  }

  #visitorNode(text) {
    return h('div.item.mine', h('div.bubble', h('span.sr', `${t.you}: `), text), h('span.small.soft'))
  }

  #personButton(text = t.person, kind) {
    return button(text, () => this.#askForPerson(), kind)
  }

  #replyNode({quotes, suggestions, note, message}, seq) {
    return h('div.item',
      h('span.sr', `${t.assistant}: `),
      quotes.map(quote => this.#clip(quote)),
      note && h('div.box', h('p.small.strong', t.note), h('p', note)),
      h(quotes[0] ? 'p.said.small.soft' : 'p.said', message),
      quotes[0] && this.#question(quotes, seq),
      suggestions[0] && h('div.stack.starters.offer', h('p.small.soft', t.closest),
        suggestions.map(({heading, passage_id}) => button(heading, () => this.#say(heading, passage_id))),
        this.#personButton(t.none, 'link')))
  }

  #clip({text, highlight, source}) {
    const [before, marked, after] = slices(text, highlight)
    const href = safeLink(source.link, HOST)
    const date = source.reviewed && new Date(source.reviewed).toLocaleDateString(this.lang, {dateStyle: 'long', timeZone: 'UTC'})
    return h('div.clip',
      h('p.label.small', t.fromPage),
      h('p.small.soft', {lang: 'en'}, source.heading || source.title),
      h('blockquote', {lang: 'en'}, before, marked && h('mark', marked), after),
      h('div.row.small.soft', date ? fill(t.reviewed, date) : t.unreviewed,
        href && h('a.strong', {href, rel: 'noopener', onclick: () => this.#isSheet && this.close(false)}, t.read)))
  }

  #question(quotes, seq) {
    const say = helpful => {
      quotes.forEach(({passage_id}) => this.#post('feedback', {seq, passage_id, helpful}))
      focusOn(ui.scroll)
      box.replaceChildren(h('p.small.soft', t.thanks))
      if (!helpful) this.#askForPerson()
    }
    const box = h('div.stack.starters', h('p', t.needed), h('div.row', button(t.yes, () => say(true)), button(t.no, () => say(false))))
    return box
  }

  #showEmergency(text, about, isLive = true) {
    const isNew = isLive && this.#emergency !== about
    const [first] = /^.+?[.!](?= )/.exec(text) ?? ['']
    this.#emergency = about
    ui.danger.role = isNew ? 'alert' : 'group'
    ui.danger.hidden = ui.calls.hidden = false
    ui.danger.replaceChildren(h('h3', first), h('p', text.slice(first.length)))
    if (!isNew) return
    this.open(false)
    ui.danger.focus()
  }

  #showTyping(isTyping) {
    clearTimeout(this.#typingTimer)
    ui.writing.hidden = !isTyping
    ui.writing.textContent = this.#named(t.writing)
    if (isTyping) this.#typingTimer = wait(6, () => this.#showTyping(false))
  }

  #openLetter() {
    const {hasLetter, items} = this.#chat
    ui.letter.hidden = false
    if (ui.letter.isTouched) return
    const {seq, body} = items.filter(({author, body}) => author === 'visitor' && body.text).at(-1) ?? {body: {}}
    const isPassedOn = items.some(item => item.body.reply?.handed_over && item.seq === seq + 1)
    const words = h('textarea', {name: 'text', rows: 3, maxlength: 4000})
    const share = h('input', {type: 'checkbox'})
    const {name} = ui.letter.querySelector(':focus') ?? {}
    const state = h('p.small', {role: 'status'})
    const send = h('button.main', t.send)
    const onsubmit = event => {
      event.preventDefault()
      send.disabled = ui.letter.isTouched = true
      const letterBody = {...Object.fromEntries(new FormData(form)), share_earlier: share.checked}
      if (isPassedOn && words.value === body.text) letterBody.text = ''
      this.#post('handover', letterBody, '', (said, isSent) => {
        state.textContent = said
        if (!isSent) return
        this.#chat = {...this.#chat, hasLetter: true}
        ui.letter.isTouched = false
        this.#openLetter()
      })
    }
    const later = () => {
      ui.letter.hidden = true
      focusOn(ui.scroll)
    }
    const form = h('form.stack', {onsubmit, oninput: () => (ui.letter.isTouched = true)},
      h('p.small', isPassedOn && `${this.#named(t.passedOn)}. `, t.optional),
      h('label', t.words, words),
      h('label', t.name, h('input', {name: 'name', autocomplete: 'name', maxlength: 200})),
      h('label', t.contact, h('input', {name: 'contact', maxlength: 200})),
      h('label.check', share, h('span', this.#named(t.share))),
      h('div.sr', {'aria-hidden': true}, h('input', {name: 'website', tabindex: -1, autocomplete: 'off'})),
      h('div.row', send, button(t.later, later, 'link'), state))
    words.value = body.text ?? ''
    ui.letter.replaceChildren(h('h3.who', {id: 'letter'}, icon('person'), this.#named(hasLetter ? t.passedOn : t.letter)), hasLetter ? '' : form, h('p.small.receipt'))
    if (name) form.elements[name].focus()
    this.#settle()
  }

  #settle() {
    const {status, seen, hasLetter} = this.#chat
    const [job] = this.#outbox
    const isLive = status === 'claimed'
    ui.about.textContent = isLive ? this.#named(t.live) : t.about
    ui.personText.textContent = this.#named({claimed: t.live, waiting: hasLetter ? t.passedOn : t.details}[status] ?? t.person)
    ui.first.hidden = ui.log.firstChild || !ui.danger.hidden
    ui.clear.hidden = !this.#pass && !ui.log.firstChild
    ui.looking.hidden = isLive || job?.path !== 'messages' || job.tries
    for (const node of ui.log.querySelectorAll('.mine[data-seq]')) node.lastChild.textContent = this.#named(node.dataset.seq < seen ? t.seen : t.sent)
    const receipt = this.#pass?.receipt
    ui.letter.querySelector('.receipt')?.replaceChildren(...(receipt ? [this.#clinic.answer_by ?? '', ' ', t.receipt, h('b', receipt), t.keepIt] : []))
  }

  #showEnd() {
    const mine = this.#chat.status !== 'claimed' && [...ui.log.querySelectorAll('.mine')].at(-1)
    if (ui.log.firstChild) this.#reveal(mine || ui.log.lastChild)
  }

  #reveal(node) {
    for (const box of [ui.scroll, ui.frame]) box.scrollTop += node.getBoundingClientRect().top - box.getBoundingClientRect().top - 12
  }

  #count(count) {
    if (count === this.#unread) return
    this.#unread = ui.badge.textContent = count
    ui.badge.hidden = !count
    ui.status.textContent = count ? `${this.#named('{}')}: ${count}` : ''
    this.#news('unread', {count})
  }

  #news(name, detail) {
    this.dispatchEvent(new CustomEvent(`advocate:${name}`, {bubbles: true, detail}))
  }

  #onSubmit(event) {
    event.preventDefault()
    const text = ui.field.value.trim()
    if (!text) return
    ui.field.value = ''
    this.#onInput()
    this.#say(text)
    focusOn(ui.field)
  }

  #onKey(event) {
    const {key, target, shiftKey, isComposing} = event
    if (key === 'Escape') this.close()
    if (key !== 'Enter' || target !== ui.field || shiftKey || isComposing) return
    event.preventDefault()
    ui.form.requestSubmit()
  }

  #onInput() {
    ui.field.style.height = 'auto'
    ui.field.style.height = `${ui.field.scrollHeight + 2}px`
    if (!ui.field.value || this.#chat.status !== 'claimed' || Date.now() - this.#typedAt < 4000) return
    this.#typedAt = Date.now()
    this.#request(`conversations/${this.#pass.id}/typing`, {body: {}}).catch(() => {})
  }

  #onClear() {
    if (ui.clear.textContent === t.clear) return (ui.clear.textContent = t.clearSure)
    this.reset()
    ui.field.focus()
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
    if (document.hidden) return isHandedOver || this.#hangUp()
    this.#wake()
    if (this.#pass && (this.isOpen || isHandedOver)) this.#connect()
  }

  #sleep(seconds) {
    return new Promise(resolve => {
      this.#wakers.add(resolve)
      wait(seconds, resolve)
    })
  }

  #wake() {
    this.#wakers.forEach(resolve => resolve())
    this.#wakers.clear()
  }

  get #isSheet() {
    return matchMedia('(max-width:37.49em)').matches
  }

  get #isLinkedTo() {
    return location.hash && location.hash === this.dataset.open
  }

  #fit() {
    const {visualViewport: view} = window
    const {style} = ui.root
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

  #keep(part) {
    this.#pass = part && {...this.#pass, ...part}
    const drawer = `advocate:${this.#site}`
    attempt(() => (part ? sessionStorage.setItem(drawer, JSON.stringify(this.#pass)) : sessionStorage.removeItem(drawer)))
  }
}

const script = globalThis.document?.currentScript
const HOST = script?.src && new URL(script.src).origin

function start() {
  const early = window.PatientAdvocate ?? []
  if (early.element) return early.element.isConnected || document.body.append(early.element)
  const chat = document.querySelector('advocate-chat') ?? document.createElement('advocate-chat')
  for (const {name, value} of script.attributes) {
    if (name.startsWith('data-') && !chat.hasAttribute(name)) chat.setAttribute(name, value)
  }
  const api = (window.PatientAdvocate = {element: chat, push: (...commands) => commands.forEach(([name, ...values]) => api[name](...values))})
  for (const name of ['open', 'close', 'toggle', 'reset']) api[name] = () => chat[name]()
  api.show = () => (chat.hidden = false)
  api.hide = () => (chat.hidden = true)
  api.on = (name, listener) => {
    chat.addEventListener(`advocate:${name}`, listener)
    return () => chat.removeEventListener(`advocate:${name}`, listener)
  }
  customElements.define('advocate-chat', AdvocateChatElement)
  if (!chat.isConnected) document.body.append(chat)
  api.push(...early)
  new MutationObserver(() => chat.isConnected || document.body?.append(chat)).observe(document.documentElement, {childList: true})
}

if (script) {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start)
  else start()
}
if (typeof module !== 'undefined' && module.exports) {
  module.exports = {TEXTS, NEW_CHAT, areSound, backOff, eventReader, fill, isEmergency, mayRetry, parseEvent, provisional, reduce, safeLink, slices}
}
})()
