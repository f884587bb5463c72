// The desk without reloading. The server draws every page; this script fetches the same pages again when something
// changed and puts in the parts that differ. Without it the desk works as links and forms.
// No visitor's words are stored in the browser: drafts live in this page's memory alone.

const desk = document.getElementById('desk')
const POLL_MS = 3000 // when there is no stream
const SILENCE_MS = 10000 // the stream speaks every 4 s; silent for longer, the line is down
const LIVE = ['failing', 'panes', 'queue-count', 'queue', 'conversation-head', 'doing', 'notes', 'context'] // parts that news may change
const SAID = ['notice', 'composer-notice', 'composer-fields', 'picked'] // parts that only an answer to this person changes

// ---- Pages: fetch, and put in what differs ----

/** Loads a page as a document. XMLHttpRequest parses it inertly, so no text ever passes through innerHTML. */
function load(url, {body = null} = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(body ? 'POST' : 'GET', url)
    request.responseType = 'document'
    request.timeout = 15000
    if (searched()) request.setRequestHeader('Desk-Search', searched())
    request.onload = () => resolve({page: request.response, status: request.status, url: new URL(request.responseURL)})
    request.onerror = request.ontimeout = () => reject(new Error('no line'))
    request.send(body)
  })
}

/** What the queue is searched for, in a header of every request: its words stand in no address. */
function searched() {
  const fields = [...new FormData(document.getElementById('search-form'))].filter(([, value]) => value.trim())
  return String(new URLSearchParams(fields))
}

function isSignIn(answer) {
  return answer.url.pathname === '/sign-in'
}

/** Puts a fetched page's parts in place of those that differ. Returns false when it is no desk page. */
function show(page, {isNews = false} = {}) {
  const fresh = page?.getElementById('desk')
  if (!fresh) return false
  document.title = page.title
  const isOther = fresh.dataset.handover !== desk.dataset.handover
  for (const name of ['handover', 'page', 'pulse']) desk.dataset[name] = fresh.dataset[name]
  if (isOther) {
    rememberDraft()
    for (const pane of ['.conversation', '.context']) put(desk.querySelector(pane), fresh.querySelector(pane))
  } else {
    appendNew(fresh.querySelector('#log'))
    swapAnswer(fresh.querySelector('#answer'))
  }
  for (const id of isNews ? LIVE : [...LIVE, ...SAID]) swap(id, page.getElementById(id))
  if (isOther) opened()
  revealScripted()
  paintWaits()
  return true
}

function put(old, fresh) {
  if (old && fresh) old.replaceWith(document.importNode(fresh, true))
}

/** Replaces a part whose state differs, keeping scroll, focus, and what was opened, chosen or typed in it. */
function swap(id, fresh) {
  const old = document.getElementById(id)
  if (!old || !fresh || old.dataset.state === fresh.dataset.state) return
  exchange(old, fresh)
}

function exchange(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null
  const {scrollTop} = old
  const now = document.importNode(fresh, true)
  old.replaceWith(now)
  now.scrollTop = scrollTop
  keep(old, now)
  if (focused) refocus(now, focused)
}

/** What a person opened, chose or typed stays. A touched field itself goes into the new part, half a time of day and all. */
function keep(old, now) {
  const same = one => now.querySelector(`#${CSS.escape(one.id)}`)
  for (const one of old.querySelectorAll('details[id]')) if (same(one)) same(one).open ||= one.open
  for (const one of old.querySelectorAll('input[id], textarea[id]')) if (isTouched(one)) same(one)?.replaceWith(one)
  for (const one of old.querySelectorAll('select[id]')) if (same(one)) same(one).value = one.value // gone: none is chosen
}

function isTouched(field) {
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked || field.validity.badInput
}

function refocus(part, focused) {
  if (part.contains(focused)) return focused.focus({preventScroll: true})
  const name = one => one.id || one.getAttribute('href') || one.textContent
  const same = [...part.querySelectorAll('a, button, input, textarea, summary, select')].find(one => name(one) === name(focused))
  ;(same ?? part).focus({preventScroll: true})
}

function swapAnswer(fresh) {
  const old = document.getElementById('answer')
  if (!old || !fresh || old.dataset.state === fresh.dataset.state) return
  const hadFocus = old.contains(document.activeElement)
  rememberDraft()
  exchange(old, fresh)
  recallDraft()
  const now = document.getElementById('answer')
  if (hadFocus && !now.contains(document.activeElement)) (document.getElementById('reply') ?? now.querySelector('button'))?.focus()
}

// ---- The log: only ever appended to ----

function log() {
  return document.getElementById('log')
}

function appendNew(fresh) {
  const here = log()
  if (!here || !fresh) return
  const wasAtEnd = isAtEnd()
  const last = Number(here.dataset.seq)
  for (const item of fresh.children) {
    if (Number(item.dataset.seq) > last) here.append(document.importNode(item, true))
  }
  here.dataset.seq = String(Math.max(last, Number(fresh.dataset.seq)))
  if (wasAtEnd) toEnd()
  seen()
}

function isAtEnd() {
  const frame = document.getElementById('log-frame')
  return !frame || frame.scrollHeight - frame.scrollTop - frame.clientHeight < 80
}

function toEnd() {
  const frame = document.getElementById('log-frame')
  if (frame) frame.scrollTop = frame.scrollHeight
}

/** What counts as seen is what has been on the screen: a reply written against less is refused by the server. */
function seen() {
  const hasMore = !isAtEnd()
  const button = document.getElementById('to-end')
  if (button) button.hidden = !hasMore || !hasUnseen()
  const field = document.querySelector('#composer [name=seen_seq]')
  if (field && !hasMore && document.visibilityState === 'visible') field.value = log().dataset.seq
}

function hasUnseen() {
  const field = document.querySelector('#composer [name=seen_seq]')
  return Boolean(field) && Number(field.value) < Number(log().dataset.seq)
}

// ---- Drafts: one for each conversation, in memory ----

const drafts = new Map()
let openHandover = desk.dataset.handover

function rememberDraft() {
  const reply = document.getElementById('reply')
  const note = document.getElementById('note')
  if (!note || !openHandover) return
  const {text = '', picked = null} = drafts.get(openHandover) ?? {} // kept while somebody else has the conversation
  drafts.set(openHandover, {text: reply?.value ?? text, picked: reply ? document.getElementById('picked') : picked, note: note.value})
}

function recallDraft() {
  const reply = document.getElementById('reply')
  const note = document.getElementById('note')
  if (!note || !drafts.has(openHandover)) return
  const draft = drafts.get(openHandover)
  note.value = draft.note
  if (!reply) return
  reply.value = draft.text
  put(document.getElementById('picked'), draft.picked)
}

/** Sent words leave their field; what was typed after them stays. */
function clearSent(field, sent) {
  if (field) field.value = field.value.startsWith(sent) ? field.value.slice(sent.length).trimStart() : field.value
}

function opened() {
  openHandover = desk.dataset.handover
  recallDraft()
  toEnd()
  seen()
  listen()
}

// ---- Going places ----

let journeys = 0

async function go(url, {push = true} = {}) {
  const journey = ++journeys
  const answer = await load(url).catch(() => null)
  if (journey !== journeys) return // the last place chosen is where one goes
  if (!answer) return lineIs('down')
  if (isSignIn(answer)) return signedOut()
  if (answer.status === 503) return say('This cannot be opened now: that you read it could not be kept. Try again in a moment.')
  if (!show(answer.page)) return location.assign(url)
  if (line === 'up') say('')
  if (push) history.pushState(null, '', url)
  showPane(desk.dataset.handover ? 'conversation' : 'queue')
  document.getElementById('conversation-title')?.focus({preventScroll: true})
}

function showPane(name) {
  desk.dataset.pane = name
  for (const link of document.querySelectorAll('#panes a')) {
    if (link.dataset.to === name) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
  if (name === 'conversation') toEnd()
}

document.addEventListener('click', event => {
  const link = event.target.closest('a')
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return
  if (link.dataset.to) {
    event.preventDefault()
    showPane(link.dataset.to)
  } else if (link.closest('.queue-rows')) {
    event.preventDefault()
    go(link.href)
  }
})
addEventListener('popstate', () => go(location.href, {push: false}))
addEventListener('beforeunload', event => {
  rememberDraft()
  if ([...drafts.values()].some(({text, note, picked}) => `${text}${note}`.trim() || picked?.querySelector('figure'))) event.preventDefault()
})

// ---- Forms: claim, send, note, pass on, take over, close ----

const DOING = ['close', 'transfer', 'release', 'return', 'call_back', 'take-over']

function closeDrops(except = null) {
  for (const one of document.querySelectorAll('.drop[open], .me[open]')) if (one !== except) one.open = false
}

const turns = [] // what was pressed and is not answered yet, in order; the first is on its way
let answered = 0 // how many were answered: a page asked for before the last of them is old

document.addEventListener('submit', event => {
  const form = event.target
  if (!form.dataset.act || form.method === 'dialog') return
  event.preventDefault()
  press(form, event.submitter?.dataset.act === 'insert' ? event.submitter : null)
})

/** Forms are sent one after another. What is on its way is not sent twice; what waits its turn goes as it stands then. */
function press(form, button) {
  const name = nameOf(form) + (button ? ` ${button.name} ${button.value}` : '')
  const fields = String(fieldsOf(form))
  if (turns.some((one, place) => one.name === name && (place > 0 || one.fields === fields))) return
  turns.push({form, button, name, fields, handover: desk.dataset.handover, pane: desk.dataset.pane})
  form.setAttribute('aria-busy', 'true')
  if (turns.length === 1) takeTurns()
}

function nameOf(form) {
  return `${form.action} ${form.dataset.act} ${form.elements.seq?.value ?? ''}`
}

function fieldsOf(form) {
  return new URLSearchParams(new FormData(form))
}

async function takeTurns() {
  while (turns.length) {
    const [turn] = turns
    const form = standing(turn.form)
    let isDone = false
    try {
      isDone = await (turn.button ? pick(form, turn.button) : send(form, turn))
    } finally {
      answered += 1
      const over = isDone ? turns.splice(0, 1) : turns.splice(0)
      for (const one of over) one.form.removeAttribute('aria-busy')
      if (over.length > 1) say('What you pressed after it was not done. Look again, then press once more.')
    }
  }
  if (last.queue && !isUpToDate(last)) refresh()
}

/** The form as the page has it now: its part may have been swapped while it waited. */
function standing(form) {
  return form.isConnected ? form : [...document.querySelectorAll('form[data-act]')].find(one => nameOf(one) === nameOf(form)) ?? form
}

/** Sends a form of a conversation and shows the answer. Returns whether it was done. */
async function send(form, {handover, pane}) {
  const {act} = form.dataset
  const isMessage = act === 'write'
  const body = fieldsOf(form)
  if (log() && handover === desk.dataset.handover) body.set('after', log().dataset.seq) // what is here need not be read, and audited, again
  const answer = await load(form.action, {body}).catch(() => null)
  if (!answer) return notDone(isMessage, 'there is no connection')
  if (isSignIn(answer)) return signedOut()
  if (line === 'up') say('')
  const isDone = answer.status < 400 && Boolean(answer.page?.getElementById('desk'))
  if (isDone) sent(form, body, handover)
  if (isDone && handover !== desk.dataset.handover) return true // another conversation was opened meanwhile
  if (!show(answer.page)) return notDone(isMessage, whyNot(answer))
  if (isDone) done(act, pane)
  return isDone
}

/** What was sent is no draft any more. */
function sent(form, body, handover) {
  const field = {write: 'reply', note: 'note'}[form.dataset.act]
  if (!field) return
  if (handover === desk.dataset.handover) return clearSent(document.getElementById(field), body.get(form.elements[field].name))
  const draft = drafts.get(handover)
  if (draft) Object.assign(draft, field === 'reply' ? {text: '', picked: null} : {note: ''})
}

/** Where an advocate is after a step, unless they went elsewhere while it was on its way. */
function done(act, pane) {
  const {activeElement} = document
  const isElsewhere = desk.dataset.pane !== pane || activeElement.matches('input, textarea, select')
  if (act === 'find') return activeElement.closest('.find') && reach('context', '#passages')
  history.replaceState(null, '', desk.dataset.page)
  if (DOING.includes(act)) closeDrops()
  if ((act === 'claim' || act === 'take-over') && !isElsewhere) writeReply()
  if (act !== 'write') return
  toEnd()
  if (!isElsewhere && (activeElement === document.body || activeElement.closest('#composer'))) document.getElementById('reply')?.focus()
}

function whyNot(answer) {
  return answer.status === 503 ? 'nothing can be stored now' : 'the server did not take it'
}

function notDone(isMessage, why) {
  const place = document.getElementById('composer-notice')
  if (!isMessage || !place) return say(isMessage ? `Not sent: ${why}. Your words are kept.` : `Not done: ${why}. Try again.`)
  const words = document.createElement('p')
  words.className = 'notice warning'
  words.setAttribute('role', 'alert')
  words.textContent = `Not sent: ${why}. Your words are kept; press Send again.`
  place.replaceChildren(words)
  place.dataset.state = 'not sent' // so that the next page clears it
}

/** A passage goes beside the reply, or out again: the server gives its bytes, so nothing typed can pass for it. */
async function pick(form, button) {
  if (!form.isConnected) return false // another conversation was opened meanwhile
  const body = fieldsOf(form)
  body.set(button.name, button.value)
  body.set('after', log().dataset.seq)
  const answer = await load(button.formAction, {body}).catch(() => null)
  if (!answer) return notDone(false, 'there is no connection')
  if (isSignIn(answer)) return signedOut()
  if (!form.isConnected) return false
  if (!answer.page?.getElementById('picked')) {
    if (!show(answer.page)) notDone(false, whyNot(answer))
    return false
  }
  for (const id of SAID) swap(id, answer.page.getElementById(id)) // what was found stays
  showPane('conversation')
  document.getElementById('reply').focus()
  return true
}

// ---- News: a stream that says when something changed; polling when there is none ----

let stream = null
let poll = null
let silence = null
let last = {}

function listen() {
  stream?.close()
  clearInterval(poll)
  if (!window.EventSource) return startPolling()
  stream = new EventSource(`${desk.dataset.pulse}${desk.dataset.pulse.includes('?') ? '&' : '?'}stream=1`)
  stream.addEventListener('pulse', event => heard(JSON.parse(event.data)))
  stream.addEventListener('signed-out', signedOut)
  stream.addEventListener('open', () => startPollingUnlessHeard())
  stream.addEventListener('error', () => stream.readyState === EventSource.CLOSED && startPolling())
  startPollingUnlessHeard()
}

function startPollingUnlessHeard() {
  clearTimeout(silence)
  silence = setTimeout(() => {
    startPolling()
    ask()
  }, SILENCE_MS)
}

function startPolling() {
  clearInterval(poll)
  poll = setInterval(ask, POLL_MS)
}

async function ask() {
  try {
    const answer = await fetch(desk.dataset.pulse, {headers: {Accept: 'application/json'}, cache: 'no-store', redirect: 'manual'})
    if (answer.type === 'opaqueredirect') return signedOut()
    if (!answer.ok) return lineIs(answer.status === 503 ? 'refusing' : 'down')
    heard(await answer.json(), {isStream: false})
    if (stream?.readyState === EventSource.CLOSED && Math.random() < 0.2) listen()
  } catch {
    lineIs('down')
  }
}

function heard(pulse, {isStream = true} = {}) {
  if (isStream) {
    clearInterval(poll)
    startPollingUnlessHeard()
  }
  const isFresh = isUpToDate(pulse)
  if (isFresh || line !== 'refusing') lineIs('up')
  const typing = document.getElementById('typing')
  if (typing) typing.textContent = pulse.is_typing ? 'The visitor is writing' : ''
  const isFirst = last.queue === undefined
  if (!isFirst && pulse.alerts > last.alerts) tell(pulse.urgent > last.urgent)
  else if (!isFirst && pulse.given > last.given && !turns.length) tell(false)
  last = pulse
  if (!isFresh) refresh()
}

function isUpToDate(pulse) {
  const queue = document.getElementById('queue').dataset.state.split('/')[0]
  const head = document.getElementById('conversation-head')
  const failing = document.getElementById('failing').dataset.state
  return queue === pulse.queue && failing === pulse.failing && (!head || (head.dataset.state === pulse.state && Number(log().dataset.seq) >= pulse.seq))
}

let isRefreshing = false

async function refresh() {
  if (isRefreshing || turns.length) return
  isRefreshing = true
  const {handover} = desk.dataset
  const before = answered
  const after = log() ? `&after=${log().dataset.seq}` : ''
  const answer = await load(`${desk.dataset.page}?news=1${after}`).catch(() => null) // nobody did anything: no activity
  isRefreshing = false
  if (!answer) lineIs('down')
  else if (isSignIn(answer)) signedOut()
  else if (answer.status === 503) lineIs('refusing')
  else {
    lineIs('up')
    if (handover === desk.dataset.handover && before === answered && !turns.length) show(answer.page, {isNews: true})
  }
}

// ---- Words above the panes ----

let isSignedOut = false
let line = 'up'
const LINES = {
  up: '',
  down: 'No connection to the clinic’s server. Trying again. What you write here is kept.',
  refusing: 'The server can read or store nothing now: visitors are told to call the clinic, 911 or 988. Tell your administrator, and answer the phone. What you write here is kept.'
}

function say(text) {
  document.getElementById('line').textContent = text
}

function lineIs(state) {
  if (isSignedOut || line === state) return
  line = state
  say(LINES[line])
}

/** Signed out by time or elsewhere: the words leave the screen, the draft stays until the page is left. */
function signedOut() {
  if (isSignedOut) return
  isSignedOut = true
  stream?.close()
  clearInterval(poll)
  clearTimeout(silence)
  document.title = 'Signed out'
  const link = document.createElement('a')
  link.href = `/sign-in?next=${encodeURIComponent(desk.dataset.page)}`
  link.target = '_blank'
  link.textContent = 'Sign in again'
  document.getElementById('line').replaceChildren('You were signed out. Nothing is lost: messages keep arriving in the queue. ', link)
  desk.classList.add('veiled')
  addEventListener('focus', comeBack)
}

/** Signed in again in the other tab: go on where we were, draft and all. */
async function comeBack() {
  const answer = await fetch(desk.dataset.pulse, {cache: 'no-store', redirect: 'manual'}).catch(() => null)
  if (!answer?.ok) return
  removeEventListener('focus', comeBack)
  isSignedOut = false
  line = 'up'
  desk.classList.remove('veiled')
  say('')
  listen()
  refresh()
}

// ---- Waiting times, sound, presence, typing ----

/** The same words as `waiting_words` in server/web/words/moments.py. */
function waitingWords(minutes) {
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min`
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`
  const days = Math.floor(minutes / (24 * 60))
  return days === 1 ? '1 day' : `${days} days`
}

function paintWaits() {
  for (const time of document.querySelectorAll('time[data-since]')) {
    const words = waitingWords(Math.max(0, Math.floor((Date.now() - Date.parse(time.dataset.since)) / 60000)))
    const place = time.querySelector('[data-words]')
    if (place.textContent !== words) place.textContent = words
  }
}

const sound = document.getElementById('sound')
const asking = document.getElementById('ask-news')
const NEWS = 'desk-news' // where this browser keeps the choice: on | off. Nothing else is kept
let audio = null

/** Asked for once in each browser, at the first sign-in; the button in the masthead changes it at any time. */
function recallNews() {
  const choice = localStorage.getItem(NEWS)
  asking.hidden = choice !== null
  showNews(choice === 'on')
  if (choice === 'on') addEventListener('pointerdown', openAudio, {once: true}) // browsers play only after a press
}

function showNews(isOn) {
  sound.setAttribute('aria-pressed', String(isOn))
  sound.querySelector('span').textContent = isOn ? 'on' : 'off'
}

function chooseNews(isOn) {
  localStorage.setItem(NEWS, isOn ? 'on' : 'off')
  asking.hidden = true
  showNews(isOn)
  if (!isOn) return
  openAudio()
  ring(false)
  if (window.Notification?.permission === 'default') Notification.requestPermission()
}

function openAudio() {
  audio ??= new AudioContext()
  audio.resume()
}

sound.addEventListener('click', () => chooseNews(sound.getAttribute('aria-pressed') !== 'true'))
document.getElementById('news-yes').addEventListener('click', () => chooseNews(true))
document.getElementById('news-no').addEventListener('click', () => chooseNews(false))

/** Rings, and notifies whoever looks elsewhere. */
function tell(isUrgent) {
  if (sound.getAttribute('aria-pressed') !== 'true') return
  ring(isUrgent)
  if (document.visibilityState === 'visible' && document.hasFocus()) return
  if (window.Notification?.permission !== 'granted') return
  const news = new Notification(isUrgent ? 'Emergency: someone is waiting' : 'Someone is waiting', {
    body: 'Open the desk to answer.',
    tag: 'desk', // one at a time: the newest in place of the one before
    renotify: true,
    requireInteraction: isUrgent
  })
  news.addEventListener('click', () => {
    window.focus()
    news.close()
  })
}

/** Two soft notes; three for an emergency. */
function ring(isUrgent) {
  if (!audio) return
  const notes = isUrgent ? [880, 660, 880] : [660, 880]
  notes.forEach((pitch, place) => {
    const start = audio.currentTime + place * 0.18
    const tone = audio.createOscillator()
    const loudness = audio.createGain()
    tone.frequency.value = pitch
    loudness.gain.setValueAtTime(0.15, start)
    loudness.gain.exponentialRampToValueAtTime(0.001, start + 0.3)
    tone.connect(loudness).connect(audio.destination)
    tone.start(start)
    tone.stop(start + 0.3)
  })
}

/** Watching is no activity; moving and typing is, in any tab of the desk. After 30 minutes without, sign out. */
const IDLE_MS = 30 * 60 * 1000
const tabs = new BroadcastChannel('desk-activity')
let activeAt = Date.now()
let saidHereAt = Date.now()

for (const kind of ['keydown', 'pointermove', 'pointerdown']) {
  addEventListener(kind, () => { activeAt = Date.now() }, {passive: true, capture: true})
}
tabs.addEventListener('message', () => { activeAt = Date.now() })
setInterval(() => {
  paintWaits()
  if (isSignedOut) return
  if (Date.now() - activeAt > IDLE_MS) return signOutIdle()
  bePresent()
  if (activeAt <= saidHereAt) return
  saidHereAt = Date.now()
  tabs.postMessage('active')
  fetch('/desk/here', {method: 'POST', redirect: 'manual'}).catch(() => {})
}, 20000)

/** Says that this page is open and awake: while it does, visitors are told that somebody is there. */
function bePresent() {
  fetch('/desk/present', {method: 'POST', redirect: 'manual'}).catch(() => {})
}

async function signOutIdle() {
  await fetch('/sign-out', {method: 'POST', redirect: 'manual'}).catch(() => {})
  signedOut()
}

let typedAt = 0

document.addEventListener('input', event => {
  if (event.target.id !== 'reply' || Date.now() - typedAt < 3000) return
  typedAt = Date.now()
  fetch(`${desk.dataset.page}/typing`, {method: 'POST', redirect: 'manual'}).catch(() => {})
})

// ---- Keys ----

const keys = document.getElementById('keys')
const singleKeys = document.getElementById('single-keys')

const KEYS = {
  j: () => moveInQueue(1),
  k: () => moveInQueue(-1),
  c: () => document.querySelector('form[data-act=claim]')?.requestSubmit(),
  r: () => writeReply(),
  i: () => reach('context', '.passage button, #passages'),
  f: () => reach('context', '#find'),
  n: () => writeNote(),
  x: () => drop('#close'),
  p: () => drop('#pass-on, #take-over'),
  a: () => reach('context', '#context-title'),
  q: () => reach('queue', '.queue-row a[aria-current], .queue-row a, #queue-title'),
  '?': () => keys.showModal()
}

function reach(pane, selector) {
  const target = document.querySelector(selector)
  if (!target) return
  showPane(pane)
  target.focus()
  target.scrollIntoView({block: 'nearest'})
}

function writeReply() {
  const choice = document.getElementById('write-reply')
  if (choice) choice.checked = true
  reach('conversation', '#reply')
}

function writeNote() {
  const choice = document.getElementById('write-note')
  if (!choice) return
  choice.checked = true
  reach('conversation', '#note')
}

function drop(selector) {
  const one = document.querySelector(selector)
  if (!one) return
  showPane('conversation')
  one.open = true
  reachInto(one) // at once, and when it was open already: the next key is for what is in it
}

function reachInto(details) {
  if (details.querySelector('.card').contains(document.activeElement)) return
  details.querySelector('.card :is(input:not([type=hidden]), select, textarea, button)')?.focus()
}

function moveInQueue(step) {
  const rows = [...document.querySelectorAll('.queue-row a')]
  if (!rows.length) return
  const here = rows.indexOf(document.activeElement)
  const from = here >= 0 ? here : rows.findIndex(row => row.hasAttribute('aria-current'))
  const next = from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + step))
  showPane('queue')
  rows[next].focus()
}

document.addEventListener('keydown', event => {
  const field = event.target.closest('input, textarea, select')
  if (event.key === 'Escape') return leave(event.target.closest('.drop[open]'), field)
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && event.target.matches('#reply, #note')) return event.target.form.requestSubmit()
  if (field || keys.open || event.ctrlKey || event.metaKey || event.altKey || !singleKeys.checked) return
  const act = KEYS[event.key]
  if (!act) return
  event.preventDefault()
  act()
})

/** Out of what is open, back to its button; out of a field, back to the conversation. */
function leave(opened, field) {
  if (opened) {
    opened.open = false
    ;(opened.closest('#composer')?.querySelector('#reply') ?? opened.querySelector('summary')).focus()
  } else if (field) reach('conversation', '#conversation-title')
}

document.getElementById('show-keys').addEventListener('click', () => keys.showModal())

// ---- Start ----

function revealScripted() {
  for (const one of document.querySelectorAll('[data-needs-script]')) one.hidden = false
}

sound.hidden = false
recallNews()
document.getElementById('show-keys').hidden = false
document.addEventListener('scroll', seen, {capture: true, passive: true})
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && seen())
document.addEventListener('click', event => event.target.id === 'to-end' && toEnd())
document.addEventListener('click', event => closeDrops(event.target.closest('.drop, .me')))
document.addEventListener('toggle', event => event.target.matches?.('.drop[open]') && reachInto(event.target), {capture: true})
revealScripted()
paintWaits()
bePresent()
opened()
